"""What is promised to the market, and what it says: prices, nominations, offers, awards, statements."""

from __future__ import annotations

from ..table import Column, Kind, TableSchema
from ..tariff.model import MARKET_VALUES as MARKET_VALUE_NAMES

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

MARKET_VALUES = TableSchema(
    name="market_values",
    meaning="Values of the market and the grid below which some rates may not be approved.",
    columns=(
        Column(name="name", kind=Kind.TEXT, required=True, filled=True, choices=MARKET_VALUE_NAMES,
               meaning="which value"),
        Column(name="zone", kind=Kind.TEXT, meaning="a zone of the tariff; blank = all"),
        Column(name="effective", kind=Kind.DATE, required=True, filled=True, meaning="since when it is in force"),
        Column(name="filed", kind=Kind.DATE, required=True, filled=True, meaning="since when it is known"),
        Column(name="value", kind=Kind.FACTOR, required=True, filled=True, meaning="the value"),
        Column(name="unit", kind=Kind.TEXT, choices=("USD/kW-year",), meaning="blank = USD/kW-year"),
    ),
)

INTERCONNECTIONS = ("wdat", "retail")
"""How a resource is connected: under the wholesale distribution access tariff, or as the rest of the premise."""

RESOURCES = TableSchema(
    name="resources",
    required=True,
    key=("resource_id",),
    meaning="Resources of a wholesale market that stand behind a retail master meter.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, required=True, filled=True, meaning="the market's name for it"),
        Column(name="premise_point_id", kind=Kind.TEXT, required=True, filled=True, meaning="the retail master meter"),
        Column(name="wholesale_point_id", kind=Kind.TEXT, required=True,
               meaning="the market's meter at the resource; blank = it has none"),
        Column(name="load_serving_entity", kind=Kind.TEXT, required=True, meaning="who sends the retail bill"),
        Column(name="scheduling_coordinator", kind=Kind.TEXT, required=True,
               meaning="who settles with the market; may be somebody else"),
        Column(name="interconnection", kind=Kind.TEXT, choices=INTERCONNECTIONS, meaning="how it is connected"),
    ),
)

PRODUCTS = ("energy", "reg_up", "reg_down", "spin", "non_spin")
MARKETS = ("DA", "FMM", "RTD")

AWARDS = TableSchema(
    name="awards",
    required=True,
    meaning="What the market took of a resource's offers.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, required=True, filled=True, meaning="the resource"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when the award starts"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long it lasts"),
        Column(name="product", kind=Kind.TEXT, required=True, filled=True, choices=PRODUCTS, meaning="what was taken"),
        Column(name="market", kind=Kind.TEXT, choices=MARKETS, meaning="day-ahead, fifteen-minute or five-minute"),
        Column(name="run", kind=Kind.TEXT, meaning="the market run that gave it"),
        Column(name="mw", kind=Kind.MW, required=True, filled=True,
               meaning="power; above zero makes the whole local clock hour an award hour"),
    ),
)

MARKET_STATEMENT = TableSchema(
    name="market_statement",
    meaning="The market's settlement statement: what it pays and charges, interval by interval.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, required=True, filled=True, meaning="the resource"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when the interval starts"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long it lasts"),
        Column(name="charge_code", kind=Kind.TEXT, required=True, filled=True, meaning="the market's charge code"),
        Column(name="mwh", kind=Kind.MWH, required=True, meaning="above zero = paid, below zero = charged"),
        Column(name="amount_usd", kind=Kind.USD, required=True, meaning="above zero = paid to the resource"),
        Column(name="recalculation", kind=Kind.TEXT, meaning="the run of the statement; the latest holds"),
    ),
)

FLEET = TableSchema(
    name="fleet",
    required=True,
    key=("resource_id", "start"),
    meaning="What a fleet can do from when on: its power, and the energy it can give and take.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, required=True, filled=True, meaning="the resource"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="from when"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="for how long"),
        Column(name="discharge_kw", kind=Kind.KW, required=True, filled=True, meaning="most it can give"),
        Column(name="charge_kw", kind=Kind.KW, required=True, filled=True, meaning="most it can take"),
        Column(name="energy_kwh", kind=Kind.KWH, required=True, filled=True, meaning="energy it can give until empty"),
        Column(name="room_kwh", kind=Kind.KWH, required=True, filled=True, meaning="energy it can take until full"),
        Column(name="energy_management", kind=Kind.BOOLEAN,
               meaning="under regulation energy management; blank = no"),
        Column(name="interconnection", kind=Kind.TEXT, choices=INTERCONNECTIONS, meaning="how it is connected"),
    ),
)

OFFERED_PRODUCTS = ("capacity", "reg_up", "reg_down")

WANTED_OFFERS = TableSchema(
    name="offers",
    required=True,
    key=("resource_id", "start", "product", "market"),
    meaning="What somebody wants to offer to the market.",
    columns=(
        Column(name="resource_id", kind=Kind.TEXT, required=True, filled=True, meaning="the resource"),
        Column(name="start", kind=Kind.TIMESTAMP, required=True, filled=True, meaning="when the offer starts"),
        Column(name="seconds", kind=Kind.INTEGER, required=True, filled=True, meaning="how long it lasts"),
        Column(name="product", kind=Kind.TEXT, required=True, filled=True, choices=OFFERED_PRODUCTS,
               meaning="what is offered"),
        Column(name="market", kind=Kind.TEXT, required=True, filled=True, choices=("DA", "FMM"),
               meaning="day-ahead or real-time"),
        Column(name="mw", kind=Kind.MW, required=True, filled=True, meaning="power wanted"),
        Column(name="price_usd", kind=Kind.USD, meaning="the price asked per MW, handed on as it is"),
    ),
)

COST_CATEGORIES = ("metering", "communication", "scheduling", "billing", "interconnection", "other")

PILOT_COSTS = TableSchema(
    name="pilot_costs",
    meaning="The utility's own cost of making a resource's part in the market possible.",
    columns=(
        Column(name="cost_id", kind=Kind.TEXT, required=True, filled=True, meaning="the record"),
        Column(name="day", kind=Kind.DATE, required=True, filled=True, meaning="the local day"),
        Column(name="category", kind=Kind.TEXT, required=True, filled=True, choices=COST_CATEGORIES,
               meaning="what it was for"),
        Column(name="resource_id", kind=Kind.TEXT, meaning="the resource; blank = all"),
        Column(name="amount_usd", kind=Kind.USD, required=True, filled=True, meaning="what it cost"),
        Column(name="because", kind=Kind.TEXT, meaning="why"),
    ),
    key=("cost_id",),
)
