"""Small tariffs to break on purpose: a whole one as text, and what the check says once a line of it is changed."""

from __future__ import annotations

import re
from pathlib import Path

from gridrider.problem import Problem
from gridrider.tariff.load import parse_text
from gridrider.tariff.model import Rider, Service, Tariff
from tests.house.source import ROOT

SHIPPED = sorted((ROOT / "tariffs").rglob("tariff.yaml"))
NAMES = [path.parent.relative_to(ROOT / "tariffs").as_posix() for path in SHIPPED]

WHOLE = """\
tariff: lakeside/home-battery
title: Home Battery Rewards
authority: Lakeside Municipal Light
timezone: America/New_York
currency: USD
effective: 2027-06-01
filed: 2027-02-10
cite: "Leaf 12"
seasons:
  summer: {from: "06-01", to: "09-30"}
riders:
  battery:
    title: Home battery
    technologies: [battery]
    services:
      peak:
        calls:
          season: summer
          days: [mon, tue, wed, thu, fri]
          hours: {from: "15:00", to: "20:00"}
          duration_h: {min: "1", max: "3"}
          kinds: {peak: {title: Peak event, counts: true}}
        measurement:
          point: inverter
          method: direct
        payments:
          - family: energy
            rate_usd_per_kwh: "2.50"
        outcomes: {missed: measured}
    pay: {schedule: season, by: [check]}
"""


def changed(old: str, new: str) -> str:
    """The whole tariff with one piece of text replaced; the piece must be there."""
    assert old in WHOLE, old
    return WHOLE.replace(old, new, 1)


def read(text: str) -> Tariff:
    """The tariff of a text in which nothing is wrong."""
    tariff, problems = parse_text(text)
    assert tariff is not None, "\n".join(map(str, problems))
    assert problems == []
    return tariff


def said(text: str) -> list[str]:
    """What is said about a text, one `line severity: reason` each."""
    return [f"{problem.row} {problem.severity}: {problem.reason}" for problem in problems_of(text)]


def problems_of(text: str) -> list[Problem]:
    """Every Problem of a text."""
    return parse_text(text)[1]


def line_of(text: str, needle: str) -> int:
    """The line of a text on which something stands for the first time."""
    return text.count("\n", 0, text.index(needle)) + 1


def only_rider(tariff: Tariff) -> Rider:
    """The one rider."""
    (rider,) = tariff.riders.values()
    return rider


def only_service(tariff: Tariff) -> Service:
    """The one service of the one rider."""
    (service,) = only_rider(tariff).services.values()
    return service


def shipped(name: str) -> Path:
    """The file of a tariff that comes with gridrider."""
    return ROOT / "tariffs" / name / "tariff.yaml"


def quoted_numbers(text: str) -> list[re.Match[str]]:
    """Every number in quotes that a tariff holds; a number that is the name of a block is none."""
    def remark(number: re.Match[str]) -> bool:
        return re.search(r"(^|\s)#", text[text.rfind("\n", 0, number.start()) + 1: number.start()]) is not None
    return [number for number in re.finditer(r'"(\d+(?:\.\d+)?)"(?!\s*:)', text) if not remark(number)]
