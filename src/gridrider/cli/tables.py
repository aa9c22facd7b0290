"""The command line: exports of others to our tables."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from .shared import DONE, JSON_HELP, USAGE, Bars, print_json, print_problems


def add_import(commands: Any) -> None:
    """Declare the command `import`."""
    command = commands.add_parser("import", help="exports of others (Green Button, utility files, CAISO) to our tables")
    command.add_argument("kind", metavar="KIND",
                         help="green-button, intervals, caiso-prices, caiso-awards or caiso-statement")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="files to read")
    command.add_argument("--map", type=Path, metavar="MAP.yaml",
                         help="a mapping file, or a shipped mapping's name; for awards and statements your own layout")
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the table")
    command.add_argument("--json", action="store_true", help=JSON_HELP)
    command.set_defaults(run=_import)


def _import(arguments: argparse.Namespace) -> int:
    from ..app.import_files import KINDS, import_files, kind_named

    if kind_named(arguments.kind) is None:
        print(f"gridrider import: {arguments.kind!r} is not a kind. Known: {', '.join(KINDS)}.", file=sys.stderr)
        return USAGE
    with Bars(quiet=arguments.json) as bars:
        report = import_files(arguments.kind, arguments.files, arguments.out, mapping=arguments.map, progress=bars.show)
    print_problems(report.problems, summary=True)
    if arguments.json:
        print_json({"rows": report.rows, "written": [str(path) for path in report.written]})
    else:
        print(f"{report.rows} rows: {', '.join(str(path) for path in report.written)}")
    return DONE
