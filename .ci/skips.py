"""Fail when a test was skipped for a reason that the allow-list does not name.

    python .ci/skips.py tests.xml .ci/allowed-skips.txt
"""

import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from xml.etree import ElementTree


def allowed_reasons(text: str) -> tuple[str, ...]:
    """The reasons on the allow-list, each of which must say why it is there."""
    reasons = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        reason, bar, why = line.partition("|")
        if not bar or not why.strip():
            sys.exit(f"allowed skips, line {number}: '{line}' gives no why after a |")
        reasons.append(reason.strip())
    return tuple(reasons)


def skipped(report: str) -> list[tuple[str, str]]:
    """Each skipped test of a JUnit report, with its reason. Expected failures count: they do not pass either."""
    cases = ElementTree.fromstring(report).iter("testcase")
    return [(f"{case.get('classname')}::{case.get('name')}", (skip.get("message") or "").removeprefix("Skipped: "))
            for case in cases for skip in case.findall("skipped")]


def not_allowed(report: str, allow_list: str) -> list[str]:
    """One sentence for each skipped test that nobody has allowed."""
    reasons = allowed_reasons(allow_list)
    return [f"{test} was skipped: {reason or 'no reason given'}" for test, reason in skipped(report)
            if not any(fnmatchcase(reason, pattern) for pattern in reasons)]


def main(arguments: Sequence[str]) -> int:
    """0 when every skip is allowed, 1 with a list when one is not."""
    report, allow_list = (Path(name).read_text(encoding="utf-8") for name in arguments)
    breaches = not_allowed(report, allow_list)
    for breach in breaches:
        print(breach)
    print(f"{len(skipped(report))} skipped, {len(breaches)} of them not allowed by {arguments[1]}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
