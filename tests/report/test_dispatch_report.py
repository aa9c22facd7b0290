"""Dispatch in both files: in its place, safe, the same every time, and nothing where there is nothing to show."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from gridrider.app.write_report import write_report

from .dispatch_sample import TABLES, write_dispatch
from .test_report_files import Page

HOSTILE = '<img src=x onerror=alert(1)>#eval("1")$\\"\''


def report(out: Path) -> tuple[str, bytes]:
    page, paper = write_report(out, tariff_title="Replayed", authority="The Commission", currency="USD",
                               timezone="America/Los_Angeles", assumptions=())
    return page.read_text(encoding="utf-8"), paper.read_bytes()


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str, bytes]:
    quoted = HOSTILE.replace('"', '""')
    hostile = {**TABLES, "skipped": TABLES["skipped"] + f'day,E9,"{quoted}","{quoted}","{quoted}"\n',
               "feeders": TABLES["feeders"] + f'"{quoted}",Sub,1,37.85,-121.97\n'}
    out = write_dispatch(tmp_path_factory.mktemp("report"), hostile)
    run = json.loads((out / "run.json").read_text(encoding="utf-8"))
    run |= {"synthetic": True, "comparison": [{"date": "2022-09-06", "participants": 20, "published_participants": 20,
            "peak_mw": 0.09, "published_peak_mw": 0}], "comparison_notes": [HOSTILE]}
    (out / "run.json").write_text(json.dumps(run), encoding="utf-8")
    return out, *report(out)


def test_the_pictures_stand_after_the_events_and_before_the_payments(made):
    _, text, _ = made
    order = [text.index(f'<h2 id="{anchor}"') for anchor in (
        "events", "dispatch", "spared", "feeders", "storms", "comparison", "payments")]
    assert order == sorted(order)
    assert text.count("Synthetic readings") >= 1


def test_every_chart_says_what_one_sees_to_those_who_cannot_see(made):
    _, text, _ = made
    page = Page(text)
    told = " ".join(page.words)
    assert page.open == []
    assert len(page.named("id")) == len(set(page.named("id")))
    assert "20 devices called; 90.0 kW delivered at most" in told
    assert "5.0 kWh of its target could not be asked." in told
    assert "Held back: backup reserve 25.0 kWh; held for a storm 2.5 kWh." in told
    assert "the median goes from 75% to 50%" in told
    assert "Nothing was asked 4 times in 2 events, most often for: backup reserve" in page.words
    assert "Rings and labels mark the caps that bind: Süd-1 with a dual of 0.250." in told
    assert "homes differ: from 5% to 30%, half of them at 20% or less" in told


def test_hostile_texts_are_shown_as_they_are(made):
    _, text, paper = made
    assert HOSTILE in Page(text).words
    assert "<img" not in text
    assert paper.startswith(b"%PDF-1.7")


def test_the_same_rows_in_another_order_give_the_same_bytes(made, tmp_path):
    out, text, paper = made
    for file in out.glob("*.*"):
        if file.suffix == ".csv":
            head, *rows = file.read_text(encoding="utf-8").splitlines()
            random.Random(7).shuffle(rows)
            (tmp_path / file.name).write_text("\n".join((head, *rows, "")), encoding="utf-8")
    (tmp_path / "run.json").write_bytes((out / "run.json").read_bytes())
    assert report(tmp_path) == (text, paper)


def test_a_folder_without_a_record_of_dispatch_has_no_word_of_it(tmp_path):
    text, _ = report(write_dispatch(tmp_path, {"withheld": TABLES["withheld"]}))
    assert not [anchor for anchor in ("dispatch", "spared", "feeders", "storms", "comparison")
                if f'id="{anchor}"' in text]


def test_one_event_alone_is_drawn_without_a_choice_to_explain(tmp_path):
    steps = "".join(line for line in TABLES["fleet_steps"].splitlines(keepends=True) if line.startswith("night"))
    text, _ = report(write_dispatch(tmp_path, {"fleet_steps": steps}))
    assert "1 event was dispatched and recorded step by step." in text
    assert "The event wanted as much as may be had. No protection held anything back." in text
    assert 'id="spared"' not in text
