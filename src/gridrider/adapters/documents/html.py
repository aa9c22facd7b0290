"""The report as one HTML file that needs nothing else: no script, no request, one style sheet named by its hash."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from typing import assert_never

from ...report.model import Block, Chart, Document, Heading, Paragraph, Run, Table, TableColumn, Tiles
from .svg import Drawing, inline


def html_page(document: Document, drawings: Mapping[str, Drawing]) -> str:
    """The whole page. Every text of the document is escaped; the same document gives the same bytes."""
    style = _style(document)
    policy = (f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}'; "
              "base-uri 'none'; form-action 'none'")
    body = "\n".join(_block(block, document, drawings) for block in document.blocks)
    return "\n".join((
        '<!doctype html>', '<html lang="en-US">', "<head>", '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta name="generator" content="gridrider {escape(document.run.version)}">',
        f"<title>{escape(document.title)}: {escape(document.subtitle)}</title>",
        f"<style>{style}</style>", "</head>", "<body>", '<a class="skip" href="#main">Skip to the figures</a>',
        _header(document), _contents(document), '<main id="main">', body, "</main>", _footer(document), "</body>",
        "</html>", ""))


def _style(document: Document) -> str:
    """The style sheet, with the marks and assumptions in the margin of every printed page."""
    sheet = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    running = " \N{MIDDLE DOT} ".join((*document.marks, *document.run.assumptions))
    page = ("@page { size: letter; margin: 16mm 16mm 24mm; @bottom-left { width: 80%; vertical-align: top; "
            f"padding-top: 3mm; font: 7pt sans-serif; content: {css_string(running)}; }} @bottom-right {{ "
            "vertical-align: top; padding-top: 3mm; font: 7pt sans-serif; content: counter(page); } }\n")
    return sheet + page


def css_string(text: str) -> str:
    """A text as a CSS string in which only letters, digits and spaces stand as themselves.

    >>> css_string('a</style>"')
    '"a\\\\00003c\\\\00002fstyle\\\\00003e\\\\000022"'
    """
    return '"' + "".join(
        mark if mark == " " or (mark.isascii() and mark.isalnum()) else f"\\{ord(mark):06x}" for mark in text) + '"'


def _marks(document: Document) -> str:
    return "".join(f'<p class="mark">{escape(mark)}</p>\n' for mark in document.marks)


def _assumed(run: Run) -> str:
    if not run.assumptions:
        return ""
    items = "".join(f"<li>{escape(assumption)}</li>" for assumption in run.assumptions)
    return f'<div class="assumed"><p>Assumptions</p><ul>{items}</ul></div>\n'


def _header(document: Document) -> str:
    run = document.run
    about = (("Authority", run.authority), ("Tariff", f"hash {run.tariff_hash}"),
             ("Time zone", f"{run.timezone} (all times local)"))
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in about if text)
    return (f'<header>\n{_marks(document)}<h1>{escape(document.title)}</h1>\n'
            f'<p class="subtitle">{escape(document.subtitle)}</p>\n<p class="status">{escape(document.status)}</p>\n'
            f'<dl class="about">{facts}</dl>\n{_assumed(run)}</header>')


def _contents(document: Document) -> str:
    items = "".join(f'<li><a href="#{escape(block.anchor)}">{escape(block.text)}</a></li>'
                    for block in document.blocks if isinstance(block, Heading))
    return f'<nav aria-label="Contents"><ul>{items}</ul></nav>'


def _footer(document: Document) -> str:
    run = document.run
    return (f"<footer><p>{escape(document.title)}, {escape(document.subtitle)}. {escape(document.status)}. "
            f"Made by gridrider {escape(run.version)} from the tables beside this file.</p></footer>")


def _block(block: Block, document: Document, drawings: Mapping[str, Drawing]) -> str:
    if isinstance(block, Heading):
        return _heading(block, document)
    if isinstance(block, Paragraph):
        return f'<p class="quiet">{escape(block.text)}</p>' if block.quiet else f"<p>{escape(block.text)}</p>"
    if isinstance(block, Tiles):
        return _tiles(block)
    if isinstance(block, Chart):
        return _figure(block, drawings[block.key])
    if isinstance(block, Table):
        return _table(block)
    assert_never(block)


def _heading(heading: Heading, document: Document) -> str:
    own_page = ' class="new-page"' if heading.new_page else ""
    words = f'<h{heading.level} id="{escape(heading.anchor)}"{own_page}>{escape(heading.text)}</h{heading.level}>'
    return f"{words}\n{_marks(document)}{_assumed(document.run)}" if heading.new_page else words


def _tiles(tiles: Tiles) -> str:
    cells = "".join(
        f'<div><dt>{escape(tile.label)}</dt><dd class="figure">{escape(tile.figure)}</dd>'
        f'<dd class="note">{escape(tile.note)}</dd></div>' for tile in tiles.tiles)
    return f'<dl class="tiles">{cells}</dl>'


def _figure(chart: Chart, drawing: Drawing) -> str:
    both = "".join(
        f'<div class="{width}">{inline(svg, key=f"{chart.key}-{width}", title=chart.title, alt=chart.alt)}</div>'
        for width, svg in (("wide", drawing.wide), ("narrow", drawing.narrow)))
    return f"<figure><figcaption>{escape(chart.title)}</figcaption>{both}</figure>"


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col" class="{column.align}">{escape(column.head)}</th>' for column in table.columns)
    rows = "\n".join(_row(row, table.columns) for row in table.rows)
    foot = f"<tfoot>{_row(table.total, table.columns)}</tfoot>" if table.total else ""
    return (f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(table.caption)}"><table>'
            f"<caption><span>{escape(table.caption)}</span></caption><thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody>{foot}"
            "</table></div>")


def _row(cells: tuple[str, ...], columns: tuple[TableColumn, ...]) -> str:
    first = f'<th scope="row" class="{columns[0].align}">{escape(cells[0])}</th>'
    others = "".join(f'<td class="{column.align}">{escape(cell)}</td>'
                     for cell, column in zip(cells[1:], columns[1:], strict=True))
    return f"<tr>{first}{others}</tr>"
