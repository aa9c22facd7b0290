"""The report as PDF, set by Typst from a JSON file beside the template: texts never become markup."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, assert_never

import typst

from ...report.model import Block, Chart, Document, Heading, Paragraph, Table, Tiles
from .svg import Drawing, as_pdf

SHORT_HASH = 12


def pdf_file(document: Document, drawings: Mapping[str, Drawing]) -> bytes:
    """The whole report as a tagged PDF, dated as-of; the same document gives the same bytes.

    Only the fonts that Typst itself carries are used, so the machine's fonts do not matter.
    """
    with tempfile.TemporaryDirectory(prefix="gridrider-report-") as name:
        folder = Path(name)
        for key, drawing in drawings.items():
            (folder / f"{key}.pdf").write_bytes(as_pdf(drawing.wide))
        content = _content(document)
        (folder / "content.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        template = folder / "report.typ"
        template.write_text(files(__package__).joinpath("report.typ").read_text(encoding="utf-8"), encoding="utf-8")
        made = typst.compile(template, root=folder, format="pdf", ignore_system_fonts=True, pdf_tags=True,
                             timestamp=int(document.run.as_of.timestamp()))
    if not isinstance(made, bytes):
        raise TypeError("typst gives one PDF as bytes when no output path is named")
    return made


def _content(document: Document) -> dict[str, Any]:
    run = document.run
    return {
        "title": document.title, "subtitle": document.subtitle, "status": document.status, "authority": run.authority,
        "marks": list(document.marks), "assumptions": list(run.assumptions), "hash": run.tariff_hash,
        "short-hash": run.tariff_hash[:SHORT_HASH], "timezone": run.timezone, "version": run.version,
        "year": run.as_of.year, "month": run.as_of.month, "day": run.as_of.day,
        "blocks": [_block(block) for block in document.blocks]}


def _block(block: Block) -> dict[str, Any]:
    if isinstance(block, Heading):
        return {"kind": "heading", "level": block.level, "text": block.text, "new-page": block.new_page}
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text, "quiet": block.quiet}
    if isinstance(block, Tiles):
        return {"kind": "tiles", "tiles": [{"label": tile.label, "figure": tile.figure, "note": tile.note}
                                           for tile in block.tiles]}
    if isinstance(block, Chart):
        return {"kind": "chart", "title": block.title, "alt": block.alt, "file": f"{block.key}.pdf"}
    if isinstance(block, Table):
        return {"kind": "table", "caption": block.caption, "rows": [list(row) for row in block.rows],
                "total": list(block.total),
                "columns": [{"head": column.head, "align": column.align, "share": column.share}
                            for column in block.columns]}
    assert_never(block)
