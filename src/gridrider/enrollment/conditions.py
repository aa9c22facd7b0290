"""A condition of enrollment by its name, as SQL over one application: it holds, it does not, or nobody knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from ..table import Column, Kind
from .model import APPLICATIONS

PROOFS = frozenset({"evidence", "interconnection_agreement"})
"""Conditions that are shown by a paper: true, a date or a number in the cell; `<column>_until` ends it."""

ALIASES = {"power_kw": "nameplate_kw"}
"""What a tariff calls a column of applications."""

PER_UNIT = {Kind.KW: 1_000_000, Kind.KWH: 1_000_000, Kind.HOURS: 3600, Kind.USD: 1_000_000}
"""Smallest units in one unit at the edge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition over one application."""

    holds: str
    """SQL: true, false, or null when the application does not say."""
    seen: str
    """SQL text: what the application says."""
    column: str
    """The column that would answer it."""


class Sheet:
    """The columns that the applications have: the declared ones, and attributes by any spelling of their name."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self._declared = {column.name: column for column in APPLICATIONS.columns}
        self._attributes = {squeezed(name): name for name in attributes}

    def declared(self, name: str) -> Column | None:
        """The declared column of that name, or of its alias."""
        return self._declared.get(ALIASES.get(name, name))

    def attribute(self, name: str) -> str | None:
        """The attribute column as SQL; None when the table has none of that name."""
        found = self._attributes.get(squeezed(name))
        return None if found is None else quoted(found)


def squeezed(name: str) -> str:
    """A name without case and without what separates its parts.

    >>> squeezed("evidence_UL 1741-SB") == squeezed("evidence_ul1741sb")
    True
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def condition(name: str, sheet: Sheet, *, of: str | None = None, any_of: frozenset[str] = frozenset()) -> Condition:
    """The condition of that name; one that nobody knows by name is an attribute, true or false."""
    if name in NAMED:
        return NAMED[name](sheet, name, any_of)
    if name in PROOFS:
        return _proof(sheet, f"evidence_{of}" if name == "evidence" else name)
    declared = sheet.declared(name)
    wanted = any_of or (frozenset({of}) if of is not None else frozenset())
    if declared is not None and declared.kind is not Kind.BOOLEAN:
        return _worded(name, quoted(declared.inside_name), wanted)
    if declared is not None:
        return _truth(name, quoted(declared.inside_name))
    found = sheet.attribute(name)
    if found is None:
        return _truth(name, "cast(null as boolean)")
    if any_of:
        return _worded(name, found, any_of)
    return Condition(holds=truth_of(found) if of is None else f"coalesce({truth_of(found)}, {found} = {literal(of)})",
                     seen=_seen(name, found), column=name)


def number(name: str, sheet: Sheet) -> tuple[str, str, Decimal]:
    """A number of an application: SQL of it in its smallest unit, SQL of its text, and those units in one."""
    declared = sheet.declared(name)
    if declared is not None and declared.kind in PER_UNIT:
        inside, scale = quoted(declared.inside_name), PER_UNIT[declared.kind]
        return inside, f"plain_text({inside}, {scale})", Decimal(scale)
    found = sheet.attribute(name)
    if found is None:
        return "cast(null as bigint)", "''", Decimal(1)
    return f"try_cast({found} as decimal(38, 9))", found, Decimal(1)


def truth_of(cell: str) -> str:
    """SQL of a text cell as true or false; null where it is blank or says neither."""
    return f"(case lower({cell}) when 'true' then true when 'false' then false end)"


def _truth(name: str, cell: str) -> Condition:
    return Condition(holds=cell, seen=_seen(name, f"cast({cell} as varchar)"), column=name)


def _seen(name: str, cell: str) -> str:
    return f"coalesce({literal(name + ' is ')} || {cell}, {literal(name + ' is not given')})"


def _worded(name: str, cell: str, wanted: frozenset[str]) -> Condition:
    listed = ", ".join(literal(word) for word in sorted(wanted))
    holds = f"({cell} in ({listed}))" if wanted else f"({cell} is not null)"
    return Condition(holds=holds, seen=_seen(name, cell), column=name)


def _proof(sheet: Sheet, column: str) -> Condition:
    """A paper in the cell, or null; one that has run out, or says false, does not hold."""
    found, until = sheet.attribute(column), sheet.attribute(f"{column}_until")
    if found is None:
        return _truth(column, "cast(null as boolean)")
    past = f"coalesce(try_cast({until} as date) < start_on, false)" if until else "false"
    return Condition(holds=f"(case when {found} is null then null else lower({found}) <> 'false' and not {past} end)",
                     seen=f"case when {past} then {literal(column + ' ran out before the first day')} "
                          f"else {_seen(column, found)} end", column=column)


def _signed(column: str, words: str) -> Callable[[Sheet, str, frozenset[str]], Condition]:
    def made(sheet: Sheet, name: str, any_of: frozenset[str]) -> Condition:
        del sheet, name, any_of
        return Condition(holds=f"coalesce({column} <= start_on, false)", column=column,
                         seen=f"coalesce({literal(words + ' was signed on ')} || {column} || ', after the first day', "
                              f"{literal(words + ' is not signed')})")
    return made


def _utility_service(sheet: Sheet, name: str, any_of: frozenset[str]) -> Condition:
    del any_of
    own = sheet.attribute(name)
    answers = ["utility_customer", "cca_customer", *([truth_of(own)] if own else [])]
    return Condition(holds=f"({' or '.join(answers)})", column="utility_customer", seen=(
        f"case when {' and '.join(f'{answer} is null' for answer in answers)} then 'utility_customer is not given' "
        "else 'the utility does not serve the customer' end"))


def _other_program(sheet: Sheet, name: str, any_of: frozenset[str]) -> Condition:
    """Told by a column of its own, or by its name or one of the tariff's names in other_programs."""
    own = sheet.attribute(name)
    told = truth_of(own) if own else "cast(null as boolean)"
    names = ", ".join(literal(word) for word in sorted({name, *any_of}))
    return Condition(
        holds=f"(case when {told} is null and other_programs is null then null else coalesce({told}, false) "
              f"or coalesce(list_has_any(other_programs, [{names}]), false) end)",
        seen="coalesce('other_programs holds ' || array_to_string(other_programs, ', '), "
             f"{literal(name + ' is true')})",
        column=name)


def _measured_at_inverter(sheet: Sheet, name: str, any_of: frozenset[str]) -> Condition:
    """Told by its own column; heat in a tank has no inverter, the other kinds of storage have one."""
    del any_of
    own, kind = sheet.attribute(name), sheet.attribute("storage_kind")
    told = truth_of(own) if own else "cast(null as boolean)"
    by_kind = f"case {kind} when 'thermal' then false when 'mechanical' then true when 'chemical' then true end" \
        if kind else "cast(null as boolean)"
    return Condition(holds=f"coalesce({told}, {by_kind})", column=name, seen=(
        f"case when coalesce({told}, {by_kind}) is null then {literal(name + ' is not given')} "
        "else 'the storage has no inverter to be measured at' end"))


def _affiliate(sheet: Sheet, name: str, any_of: frozenset[str]) -> Condition:
    """Only of aggregators: a customer that takes part directly may be anybody."""
    del sheet, any_of
    return Condition(
        holds="(case when participant_kind = 'aggregator' then participant_utility or participant_affiliate "
              "else false end)",
        seen=literal("the aggregator is a utility or the affiliate of one"), column=name)


NAMED: dict[str, Callable[[Sheet, str, frozenset[str]], Condition]] = {
    "agreement_signed": _signed("agreement_signed_on", "the customer's agreement"),
    "participant_agreement": _signed("participant_signed_on", "the participant's agreement with the utility"),
    "data_agreement": _signed("participant_data_signed_on", "the participant's agreement on data"),
    "utility_service": _utility_service,
    "other_vpp": _other_program,
    "other_demand_response": _other_program,
    "storage_measured_at_inverter": _measured_at_inverter,
    "utility_affiliate": _affiliate,
}
"""Conditions that need more than one cell."""
