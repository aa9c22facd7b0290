"""Charts drawn as vector images: the same SVG goes inline into the page and, as PDF, onto the paper."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import vl_convert

from ...report.model import Chart, Document, Spec

_SVG = "http://www.w3.org/2000/svg"
_LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}(?:e-?\d+)?")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_NUMERIC = ("d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "cx", "cy", "r")

ElementTree.register_namespace("", _SVG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A chart drawn in both widths, as SVG text."""

    wide: str
    narrow: str


def draw_all(document: Document) -> dict[str, Drawing]:
    """Every chart of a document by its key, drawn once for the page and the paper."""
    return {block.key: Drawing(wide=draw(block.wide), narrow=draw(block.narrow))
            for block in document.blocks if isinstance(block, Chart)}


def draw(spec: Spec) -> str:
    """A Vega-Lite specification as SVG text. Nothing is fetched: the data stand in the specification."""
    return vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])


def as_pdf(svg: str) -> bytes:
    """The same drawing as a one-page PDF with its fonts embedded."""
    return bytes(vl_convert.svg_to_pdf(svg))


def inline(svg: str, *, key: str, title: str, alt: str) -> str:
    """The drawing ready to stand in a page beside others: ids prefixed, named and described for screen readers.

    Titles and descriptions are escaped by the serializer.
    """
    root = ElementTree.fromstring(svg)  # our own drawing, not a stranger's file
    for element in root.iter():
        _tidy(element, key)
    box = root.get("viewBox", "0 0 0 0").split()
    root.attrib.clear()
    root.attrib.update({"viewBox": " ".join(box), "role": "img", "aria-labelledby": f"{key}-t {key}-d",
                        "preserveAspectRatio": "xMinYMin meet", "width": box[2], "height": box[3]})
    for place, (tag, text) in enumerate((("title", title), ("desc", alt))):
        words = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{key}-{tag[0]}"})
        words.text = text
        root.insert(place, words)
    return ElementTree.tostring(root, encoding="unicode")


def _tidy(element: ElementTree.Element, key: str) -> None:
    """Prefix ids and their references, shorten coordinates to hundredths of a pixel, drop inert attributes."""
    for name, text in list(element.attrib.items()):
        if name == "id":
            element.set(name, f"{key}-{text}")
        elif "url(#" in text:
            element.set(name, _REFERENCE.sub(rf"url(#{key}-\1)", text))
        elif name in _NUMERIC:
            element.set(name, _LONG_NUMBER.sub(_hundredths, text))
        elif name in ("class", "pointer-events", "style") or name.startswith("aria-") or name == "role":
            del element.attrib[name]


def _hundredths(found: re.Match[str]) -> str:
    return f"{float(found[0]):.2f}".rstrip("0").rstrip(".")
