"""Whatever the bytes of a file are, the answer is a tariff or Problems with a line, soon, and never a traceback."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridrider.tariff.compare import compare
from gridrider.tariff.document import PROBLEMS_MAX
from gridrider.tariff.explain import explain
from gridrider.tariff.load import FILE_BYTES_MAX, load, parse_text, tariff_hash
from tests.tariff.written import NAMES, SHIPPED, WHOLE, changed, said

BITS = ("\0", "\t", "*a", "&a ", "- ", '"', "'", "{", "}", "[", "]", ": ", ":", "#", "!!int ",
        "!!python/object:os.system ",
        "1e999", "9" * 5000, "0x" + "f" * 5000, ".nan", ".inf", "~", "null", "true", "2.5", "-1", "02-30", "24:00",
        "\n", "%YAML 1.1\n", "---\n", "...\n", "<<: ", "? ", "|\n", ">\n", "\u2028", "\ufeff", "é", "by_month: ",
        "value: ", "2024-02-30", "any", '""', "[]", "{}")


def mutated(text: str, chance: random.Random) -> str:
    """The text after one to five small accidents."""
    for _ in range(chance.choice((1, 1, 2, 5))):
        at, bit = chance.randrange(len(text)), chance.choice(BITS)
        lines = text.split("\n")
        row = chance.randrange(len(lines))
        match chance.randrange(5):
            case 0:
                text = text[:at] + bit + text[at:]
            case 1:
                text = text[:at] + text[at + chance.randrange(1, 40):]
            case 2:
                text = text[:at] + bit + text[at + chance.randrange(1, 12):]
            case 3:
                text = "\n".join([*lines[:row], bit + lines[row], *lines[row + 1:]])
            case _:
                kept = lines[row][: lines[row].find(":") + 1]
                text = "\n".join([*lines[:row], f"{kept} {bit}", *lines[row + 1:]])
    return text


@pytest.mark.parametrize("name", NAMES)
def test_accidents_give_problems_with_a_line_of_the_file(name: str) -> None:
    chance, whole = random.Random(name), SHIPPED[NAMES.index(name)].read_text(encoding="utf-8")
    unharmed, refused = parse_text(whole)[0], 0
    assert unharmed is not None
    for _ in range(60):
        text = mutated(whole, chance)
        tariff, problems = parse_text(text)
        refused += tariff is None
        assert tariff is not None or problems
        if tariff is not None:
            assert tariff_hash(tariff) in explain(tariff)
            assert (compare(unharmed, tariff) == []) == (tariff_hash(unharmed) == tariff_hash(tariff))
        for problem in problems:
            assert problem.row is not None and 1 <= problem.row <= len(text.splitlines()) + 1, problem
            assert len(str(problem)) < 1500 and "\n" not in str(problem)
    assert refused > 30


@given(st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_are_answered(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "tariff.yaml"
    path.write_bytes(content)
    tariff, problems = load(path)
    assert tariff is None
    assert problems


ALIASES = "a: &a [x, x]\n" + "".join(f"{name}: &{name} [{', '.join([f'*{chr(ord(name) - 1)}'] * 9)}]\n"
                                     for name in "bcdefgh")


@pytest.mark.parametrize(("text", "expected"), [
    ("", "1 error: holds no tariff"),
    ("# nothing\n", "1 error: holds no tariff"),
    ("just words", "1 error: holds no tariff"),
    ("- a\n- b\n", "1 error: holds no tariff"),
    (ALIASES, "2 error: is an alias, and a rule must stand where it is read"),
    ("a: &a {b: *a}\n", "1 error: is an alias, and a rule must stand where it is read"),
    ("x: " + "[" * 5000, "1 error: is nested more than 40 deep"),
    ("\n".join("  " * depth + "a:" for depth in range(60)), "41 error: is nested more than 40 deep"),
    ("a: !!python/object/apply:os.system [ls]\n", "1 error: is a YAML tag, and tariffs use none"),
    ("a: 1\n---\nb: 2\n", "2 error: a second document begins here"),
    ("? [a, b]\n: 1\n", "1 error: a name is needed before the colon"),
    ("a: 1\n~: 2\n", "2 error: a name is needed before the colon"),
    ("title: a\ncurrency: USD\ntitle: b\n", "3 error: stands twice in this block, first on line 1"),
])
def test_hostile_yaml_is_named(text: str, expected: str) -> None:
    assert expected in said(text)


@pytest.mark.parametrize(("text", "row"), [("title: a\n\tb: c: d\n", 2), ("title: a\nx: \0\n", 2), ("a: 'b\n", 2),
                                           ("a: 1\nb: }\n", 2), ("%YAML 9.9.9\na: 1\n", 1), ("a: @b\n", 1)])
def test_broken_yaml_has_its_line(text: str, row: int) -> None:
    (only,) = said(text)
    assert only.startswith(f"{row} error: is not valid YAML: ")


@pytest.mark.parametrize("instead", ["1", "true", "[a, [b, {c: d}]]", "{a: {b: {c: d}}}", "~", "'0xff'", "9" * 6000])
@pytest.mark.parametrize("key", ["seasons:", "riders:", "services:", "calls:", "hours:", "measurement:", "payments:",
                                 "rate_usd_per_kwh:", "technologies:", "effective:", "cite:", "timezone:", "kinds:"])
def test_a_wrong_type_anywhere_is_a_problem(key: str, instead: str) -> None:
    lines = WHOLE.split("\n")
    row = next(at for at, line in enumerate(lines) if line.strip().startswith(key) or f"{{{key}" in line)
    indent = len(lines[row]) - len(lines[row].lstrip())
    end = next((at for at in range(row + 1, len(lines))
                if lines[at].strip() and len(lines[at]) - len(lines[at].lstrip()) <= indent), len(lines))
    text = "\n".join([*lines[:row], " " * indent + f"{key} {instead}", *lines[end:]])
    tariff, problems = parse_text(text)
    harmless = key in ("cite:",) and instead in ("1", "'0xff'", "9" * 6000)
    assert (tariff is not None) == (harmless or (key, instead) == ("rate_usd_per_kwh:", "1"))
    assert bool(problems) != (tariff is not None)


def test_a_flood_of_mistakes_is_cut_off() -> None:
    text = WHOLE + "".join(f"unknown-{number}: x\n" for number in range(5000))
    assert len(said(text)) == PROBLEMS_MAX
    assert len(said("a: b\n" * 5000)) == PROBLEMS_MAX


def test_a_rule_with_thousands_of_values_is_refused_quickly() -> None:
    values = "".join(f'\n              - {{value: "{number}"}}' for number in range(2000))
    found = said(changed('rate_usd_per_kwh: "2.50"', f"rate_usd_per_kwh:{values}"))
    assert found == ["28 error: has more than 500 values"]


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    latin, large = tmp_path / "latin.yaml", tmp_path / "large.yaml"
    latin.write_bytes(b"title: a\nauthority: caf\xe9\n")
    large.write_bytes(b"#" * (FILE_BYTES_MAX + 1))
    for path, row, reason in ((latin, 2, "is not UTF-8 text"), (large, None, "is far larger than any tariff"),
                              (tmp_path, None, "cannot be read: Is a directory"),
                              (tmp_path / "absent.yaml", None, "cannot be read: No such file or directory"),
                              (Path("nul\0.yaml"), None, "cannot be read: embedded null byte")):
        tariff, (problem,) = load(path)
        assert tariff is None
        assert (problem.row, problem.reason) == (row, reason)


def test_a_byte_order_mark_and_windows_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "tariff.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert load(path)[1] == []
