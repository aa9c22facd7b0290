"""The command line: a recorded run held against the page of dispatch rules."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .shared import DONE, JSON_HELP, REFUSED, print_json

if TYPE_CHECKING:
    from ..app.audit_run import AuditDone, Finding

SHOWN = 5
"""Findings of one rule that are printed in full."""


def add_audit(commands: Any) -> None:
    """Declare the command `audit`."""
    command = commands.add_parser("audit", help="hold a recorded run against the rules that protect a customer")
    command.add_argument("run_folder", type=Path, metavar="DIR2", help="folder that a run was recorded in")
    command.add_argument("--tariff", type=Path, metavar="FILE", help="the tariff; default: the one of run.json")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_audit)


def _audit(arguments: argparse.Namespace) -> int:
    from ..app.audit_run import audit_run

    done = audit_run(arguments.run_folder, arguments.tariff)
    if arguments.json:
        print_json(_document(done))
    else:
        print("\n".join(_lines(done)))
    return REFUSED if done.of_the_program else DONE


def _document(done: AuditDone) -> dict[str, Any]:
    return {"instructions": done.instructions, "devices": done.devices, "events": done.events,
            "counts": done.counts, "findings": [_finding_json(finding) for finding in done.findings]}


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {"kind": str(finding.kind), "rule": finding.rule, "instruction_id": finding.instruction_id,
            "enrollment_id": finding.enrollment_id, "at": _instant(finding),
            "asked_kw": None if finding.asked_kw is None else str(finding.asked_kw),
            "allowed_kw": None if finding.allowed_kw is None else str(finding.allowed_kw), "because": finding.because}


def _lines(done: AuditDone) -> list[str]:
    """The findings in plain words, by kind and rule."""
    seen = f"{done.instructions} instructions to {done.devices} devices in {done.events} events"
    if not done.findings:
        return [f"No finding: {seen} agree with the rules."]
    by_rule: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in done.findings:
        by_rule[str(finding.kind), finding.rule].append(finding)
    lines = [f"Looked at {seen}."]
    for (kind, rule), found in sorted(by_rule.items(), reverse=True):
        lines += [f"{kind}'s, {rule}: {len(found)}", *_first(found)]
    failed = len(done.of_the_program)
    verdict = f"The run has failed: {failed} findings are the program's." if failed else "No finding is the program's."
    return [*lines, verdict]


def _first(found: Sequence[Finding]) -> list[str]:
    lines = [f"  {_instant(finding)} {finding.instruction_id or finding.enrollment_id}{_powers(finding)}: "
             f"{finding.because}" for finding in found[:SHOWN]]
    return [*lines, f"  … and {len(found) - SHOWN} more"] if len(found) > SHOWN else lines


def _powers(finding: Finding) -> str:
    """What was asked and allowed, where it is about power."""
    if finding.asked_kw is None or finding.allowed_kw is None:
        return ""
    verb = "gave" if finding.kind == "device" else "asked"
    return f" {verb} {finding.asked_kw.normalize():f} kW, allowed {finding.allowed_kw.normalize():f} kW"


def _instant(finding: Finding) -> str:
    return finding.at.isoformat().replace("+00:00", "Z")
