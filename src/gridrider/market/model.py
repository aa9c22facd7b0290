"""Prices and nominations: what the market says and what is promised to it."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema

PRICES = TableSchema(
    name="prices",
    key=("series", "start"),
    meaning="Market prices; a series is written MARKET:NODE.",
    columns=(
        Column(name="series", kind=Kind.TEXT, required=True, filled=True, meaning="e.g. CAISO_DAM:DLAP_PGAE-APND"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when the price starts"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long it holds"),
        Column(name="usd_per_mwh", kind=Kind.USD_PER_MWH, required=True, filled=True, meaning="the price"),
    ),
)

NOMINATIONS = TableSchema(
    name="nominations",
    meaning="Power promised by a participant for a month.",
    columns=(
        Column(name="participant_id", kind=Kind.TEXT, required=True, filled=True, meaning="the participant"),
        Column(name="service", kind=Kind.TEXT, meaning="blank = the tariff's only service"),
        Column(name="month", kind=Kind.TEXT, required=True, filled=True, meaning="YYYY-MM"),
        Column(name="kw", kind=Kind.KW, required=True, filled=True, meaning="power promised"),
    ),
)
