"""The two files: whole, safe, accessible and the same every time."""

from __future__ import annotations

import hashlib
import json
import random
import re
from base64 import b64encode
from collections import Counter
from dataclasses import replace
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridrider.app.write_report import write_report
from gridrider.problem import DataRefused

from .sample import BARE, DSGS, ELRP, HOSTILE, NEGATIVE, ONE, YEAR, Shape, write_sample

VOID = {"meta", "br", "hr", "img", "link", "input"}


def report(out: Path, shape: Shape, participants: tuple[str, ...] = ()) -> tuple[str, bytes]:
    """The page and the paper of a sample."""
    page, paper = write_report(write_sample(out, shape), tariff_title=shape.title, authority="The Commission",
                               currency="USD", timezone=shape.zone, assumptions=shape.assumptions,
                               participants=participants)
    return page.read_text(encoding="utf-8"), paper.read_bytes()


class Page(HTMLParser):
    """A page taken apart: its tags, ids, and whether they nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def named(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


SHAPES = {"elrp": replace(ELRP, enrollments=150), "dsgs": replace(DSGS, enrollments=20), "no events": BARE,
          "one home": ONE, "negative": NEGATIVE, "leap year": replace(YEAR, enrollments=2), "hostile": HOSTILE}


@pytest.fixture(scope="module", params=SHAPES, ids=list(SHAPES))
def made(request, tmp_path_factory) -> tuple[Shape, Page, str, bytes]:
    shape = SHAPES[request.param]
    who = f"{shape.prefix}AGG-1" if shape.participants else f"{shape.prefix}C00002"
    asked = (who,) if 0 < shape.events < 100 and shape.enrollments > 1 else ()
    text, paper = report(tmp_path_factory.mktemp("report"), shape, asked)
    return shape, Page(text), text, paper


def test_the_page_is_well_formed_and_asks_for_nothing(made):
    _, page, text, _ = made
    assert page.open == []
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in ("style", "src")]
    assert all(link.startswith("#") for link in page.named("href"))
    assert not re.findall(r"(?:url\(|@import|https?:)(?!//www\.w3\.org/2000/svg)", text)


def test_the_style_sheet_is_the_one_that_the_policy_names(made):
    _, _, text, _ = made
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(style) == 1
    digest = b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in text


def test_every_drawing_has_a_name_and_a_description_of_its_own(made):
    _, page, _, _ = made
    ids = page.named("id")
    assert len(ids) == len(set(ids))
    assert page.tags["svg"] == page.tags["desc"] == page.named("role").count("img")
    assert all(part in ids for names in page.named("aria-labelledby") for part in names.split())


def test_tables_have_captions_and_scopes(made):
    _, page, _, _ = made
    assert page.tags["table"] == page.tags["caption"] == page.named("role").count("region")
    assert page.tags["th"] == page.named("scope").count("col") + page.named("scope").count("row")
    assert ("html", "lang", "en-US") in page.attributes


def test_the_mark_stands_where_the_readings_are_synthetic(made):
    shape, page, _, _ = made
    headings = 1 + sum(value == "new-page" for value in page.named("class"))
    assert page.words.count("Synthetic readings") == (headings if shape.synthetic else 0)
    assert all(assumption in page.words for assumption in shape.assumptions)


def test_both_files_are_written(made):
    _, _, text, paper = made
    assert text.endswith("</html>\n")
    assert paper.rstrip().endswith(b"%%EOF")


def test_hostile_texts_are_shown_as_they_are(made):
    shape, page, text, _ = made
    assert shape.title in page.words
    assert "<script" not in text.lower()
    assert "<img" not in text.lower()


def test_the_paper_is_a_tagged_pdf_of_its_as_of_date(tmp_path):
    _, paper = report(tmp_path, BARE)
    run = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    as_of = datetime.fromisoformat(run["as_of"]).astimezone(ZoneInfo(BARE.zone))
    assert paper.startswith(b"%PDF-1.7")
    assert paper.rstrip().endswith(b"%%EOF")
    assert re.findall(rb"CreationDate\(D:(\d{8})", paper) == [f"{as_of:%Y%m%d}".encode()]
    assert b"/Marked true" in paper
    assert b"/Lang(en-US)" in paper


def test_the_same_rows_in_another_order_give_the_same_bytes(tmp_path):
    small = Shape(enrollments=60, events=4, participants=3)
    first = report(tmp_path / "first", small, ("EAGG-1",))
    again = tmp_path / "again"
    write_sample(again, small)
    for table in again.glob("*.csv"):
        head, *rows = table.read_text(encoding="utf-8").splitlines()
        random.Random(7).shuffle(rows)
        table.write_text("\n".join((head, *rows, "")), encoding="utf-8")
    page, paper = write_report(again, tariff_title=small.title, authority="The Commission", currency="USD",
                               timezone=small.zone, assumptions=small.assumptions, participants=("EAGG-1",))
    assert (page.read_text(encoding="utf-8"), paper.read_bytes()) == first


def test_the_headline_tells_the_total_of_the_lines(tmp_path):
    text, _ = report(tmp_path, NEGATIVE)
    assert "\N{MINUS SIGN}$" in text
    assert "Provisional as of" in text


def test_a_participant_gets_its_lines_with_their_sentences(tmp_path):
    shape = Shape(enrollments=9, events=2)
    text, _ = report(tmp_path, shape, ("EC00003",))
    own = text.split('id="participant-1"')[1]
    because = re.findall(r"kWh x 2.00 = [\d.]+ for (E\d+)", own)
    assert set(because) == {"E00003"}
    assert "Section D.2(a)" in own


def test_an_unknown_participant_is_a_finding_and_nothing_is_written(tmp_path):
    write_sample(tmp_path, ONE)
    with pytest.raises(DataRefused) as refused:
        write_report(tmp_path, tariff_title="t", authority="a", currency="USD", timezone="UTC", assumptions=(),
                     participants=("nobody", "no one"))
    assert [problem.value for problem in refused.value.problems] == ["nobody", "no one"]
    assert not list(tmp_path.glob("report.*"))


def test_every_missing_table_and_column_is_named_at_once(tmp_path):
    write_sample(tmp_path, ONE)
    (tmp_path / "lines.csv").unlink()
    (tmp_path / "ledger.csv").write_text("entry_id\n", encoding="utf-8")
    with pytest.raises(DataRefused) as refused:
        write_report(tmp_path, tariff_title="t", authority="a", currency="USD", timezone="UTC", assumptions=())
    files = Counter(problem.file for problem in refused.value.problems)
    assert files["lines.csv"] == 1
    assert files["ledger.csv"] == 8
