"""The command line: check, explain and compare tariff files, and run their worked examples."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..problem import errors
from .shared import DONE, JSON_HELP, REFUSED, Bars, print_json, problem_json


def add_tariff(commands: Any) -> None:
    """Declare the command `tariff`."""
    tariff = commands.add_parser("tariff", help="check, explain or compare tariff files, run their examples")
    verbs = tariff.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="print every Problem of tariff files as file:line: reason")
    check.add_argument("files", type=Path, nargs="+", metavar="FILE", help="tariff files")
    check.add_argument("--json", action="store_true", help=JSON_HELP)
    check.set_defaults(run=_tariff_check)
    explain = verbs.add_parser("explain", help="the rider in plain words, with clauses")
    explain.add_argument("file", type=Path, metavar="FILE", help="a tariff file")
    explain.add_argument("--json", action="store_true", help="print the canonical form and its hash")
    explain.set_defaults(run=_tariff_explain)
    compare = verbs.add_parser("compare", help="what a revision changes, for whom, from when")
    compare.add_argument("old", type=Path, metavar="OLD", help="the tariff file before")
    compare.add_argument("new", type=Path, metavar="NEW", help="the tariff file after")
    compare.add_argument("--json", action="store_true", help=JSON_HELP)
    compare.set_defaults(run=_tariff_compare)
    cases = verbs.add_parser("cases", help="run the worked examples of the cases.yaml beside each tariff")
    cases.add_argument("files", type=Path, nargs="+", metavar="TARIFF.yaml", help="tariff files")
    cases.add_argument("--case", default="", metavar="WORDS", help="only the examples whose names hold these words")
    cases.add_argument("--keep", type=Path, metavar="DIR", help="keep the inputs and outputs of each example there")
    cases.add_argument("--json", action="store_true", help=JSON_HELP)
    cases.set_defaults(run=_tariff_cases)


def _tariff_check(arguments: argparse.Namespace) -> int:
    from ..app.tariff_commands import check_files, check_text

    problems = check_files(arguments.files)
    if arguments.json:
        print_json({"problems": [problem_json(problem) for problem in problems]})
    else:
        print(check_text(arguments.files, problems), end="")
    return REFUSED if errors(problems) else DONE


def _tariff_explain(arguments: argparse.Namespace) -> int:
    from ..app.tariff_commands import explain_file_json, explain_file_text

    if arguments.json:
        print_json(explain_file_json(arguments.file))
    else:
        print(explain_file_text(arguments.file), end="")
    return DONE


def _tariff_compare(arguments: argparse.Namespace) -> int:
    from ..app.tariff_commands import compare_files_json, compare_files_text

    if arguments.json:
        print_json(compare_files_json(arguments.old, arguments.new))
    else:
        print(compare_files_text(arguments.old, arguments.new), end="")
    return DONE


def _tariff_cases(arguments: argparse.Namespace) -> int:
    from ..app.tariff_cases import cases_json, cases_text, failed, run_cases

    with Bars(quiet=arguments.json) as bars:
        outcomes = run_cases(arguments.files, words=arguments.case, keep=arguments.keep, progress=bars.show)
    if arguments.json:
        print_json(cases_json(outcomes))
    else:
        print(cases_text(outcomes), end="")
        if arguments.keep is not None:
            print(f"Inputs and outputs: {arguments.keep}")
    return REFUSED if failed(outcomes) else DONE
