"""The command line: a recorded run held against the page of dispatch rules."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .shared import DONE, JSON_HELP, REFUSED, print_json

if TYPE_CHECKING:
    from ..app.audit_run import AuditDone

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
        print_json({"instructions": done.instructions, "devices": done.devices, "events": done.events,
                    "counts": done.counts, "findings": done.rows})
    else:
        print("\n".join(_lines(done)))
    return REFUSED if done.failed else DONE


def _lines(done: AuditDone) -> list[str]:
    """The findings in plain words, by kind and rule."""
    seen = f"{done.instructions} instructions to {done.devices} devices in {done.events} events"
    if not done.findings:
        return [f"No finding: {seen} agree with the rules."]
    by_rule: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in done.rows:
        by_rule[row["kind"], row["rule"]].append(row)
    lines = [f"Looked at {seen}."]
    for (kind, rule), found in sorted(by_rule.items(), reverse=True):
        lines += [f"{kind}'s, {rule}: {len(found)}", *(f"  {_words(row)}" for row in found[:SHOWN])]
        lines += [f"  … and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    failed = sum(done.counts["program"].values())
    verdict = f"The run has failed: {failed} findings are the program's." if failed else "No finding is the program's."
    return [*lines, verdict]


def _words(row: Mapping[str, Any]) -> str:
    """When, about which instruction, what was asked and allowed where it is about power, and what shows it."""
    verb, powers = "gave" if row["kind"] == "device" else "asked", ""
    if row["asked_kw"] is not None and row["allowed_kw"] is not None:
        powers = f" {verb} {row['asked_kw']} kW, allowed {row['allowed_kw']} kW"
    return f"{row['at']} {row['instruction_id'] or row['enrollment_id']}{powers}: {row['because']}"
