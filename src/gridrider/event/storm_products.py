"""Which weather announcements count: the default table, and what an operator may change of it.

Codes are phenomenon and significance of the National Weather Service's VTEC (Directive 10-1703): W warning, A watch,
Y advisory. Interpretation: "severe storm warning" (S0) is no product of the Service; severe thunderstorm, tornado,
hurricane and winter storm warnings are the least that it can mean, and no operator can take them out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from ..problem import Problem, error

RESPONSES = ("lock", "pre_arm", "ignore")
"""Nobody discharges and it charges; it charges and may be called; nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One kind of weather announcement and what follows from it."""

    code: str
    title: str
    response: str
    """lock, pre_arm or ignore."""
    drawn: bool = False
    """True where forecasters draw a polygon and the counties around it are only its frame."""


def _products(response: str, drawn: str, **titles: str) -> dict[str, Product]:
    codes = {code.replace("_", "."): title for code, title in titles.items()}
    return {code: Product(code=code, title=title, response=response, drawn=code in drawn.split())
            for code, title in codes.items()}


MINIMUM = frozenset({"SV.W", "TO.W", "HU.W", "WS.W"})
"""What an operator cannot make less than a lock."""

DEFAULT_PRODUCTS: Mapping[str, Product] = {
    **_products(
        "lock", "SV.W TO.W EW.W SQ.W",
        SV_W="Severe Thunderstorm Warning", TO_W="Tornado Warning", EW_W="Extreme Wind Warning",
        SQ_W="Snow Squall Warning", HU_W="Hurricane Warning", TR_W="Tropical Storm Warning", TY_W="Typhoon Warning",
        SS_W="Storm Surge Warning", WS_W="Winter Storm Warning", BZ_W="Blizzard Warning", IS_W="Ice Storm Warning",
        LE_W="Lake Effect Snow Warning", HW_W="High Wind Warning"),
    **_products(
        "pre_arm", "",
        HU_A="Hurricane Watch", TR_A="Tropical Storm Watch", SS_A="Storm Surge Watch", TO_A="Tornado Watch",
        SV_A="Severe Thunderstorm Watch", WS_A="Winter Storm Watch", HW_A="High Wind Watch", BZ_A="Blizzard Watch"),
    # The operator's choice: these seldom take the grid down, or stand for a shutoff that somebody else announces.
    **_products(
        "ignore", "FF.W FL.W FA.W DS.W",
        FF_W="Flash Flood Warning", FL_W="Flood Warning", FA_W="Areal Flood Warning", CF_W="Coastal Flood Warning",
        DS_W="Dust Storm Warning", FW_W="Red Flag Warning", EH_W="Excessive Heat Warning",
        XH_W="Extreme Heat Warning", EC_W="Extreme Cold Warning", WC_W="Wind Chill Warning"),
}
"""What follows from each product; one that is not listed is ignored, as are all advisories (.Y)."""

_CODE = re.compile(r"[A-Z]{2}\.[WAY]")


def products_of(operator: Mapping[str, str], place: str) -> tuple[dict[str, Product], list[Problem]]:
    """The default table with an operator's responses by product code, and why some are refused.

    An operator may add products, and change all but the minimum; `place` is where the choices stand, for the messages.
    """
    table, problems = dict(DEFAULT_PRODUCTS), []
    for code, response in operator.items():
        reason, advice = _why_not(code, response)
        if reason:
            problems.append(error(place, reason, advice, column=code, value=response))
        else:
            known = table.get(code, Product(code=code, title=code, response=response))
            table[code] = replace(known, response=response)
    return table, problems


def _why_not(code: str, response: str) -> tuple[str, str]:
    if not _CODE.fullmatch(code):
        near = get_close_matches(code, DEFAULT_PRODUCTS, 1)
        return "is no product code", f"Write two letters and W, A or Y, such as {near[0] if near else 'SV.W'}."
    if response not in RESPONSES:
        return "is no response", f"Use one of {', '.join(RESPONSES)}."
    if code in MINIMUM and response != "lock":
        return (f"would let {DEFAULT_PRODUCTS[code].title} pass, which is below the least that storm watch promises",
                f"Leave {', '.join(sorted(MINIMUM))} at lock.")
    return "", ""
