"""The regulatory calendar reckoned: from what has happened to every deadline, done, due or late. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from .filing_words import counting_text, lacking_text
from .model import Dated, Filing, FilingStep, History, Occasion, in_force
from .state_days import business_days_before, counted_days, counted_years, rolled
from .words import date_text, listed, spaced


class State(StrEnum):
    """How a step stands on the day for which the calendar is made."""

    DONE = "done on time"
    DONE_LATE = "done late"
    TOO_EARLY = "done too early"
    LATE = "late"
    DUE = "due"
    RUNNING = "running"  # a period that has begun and not ended
    OPEN = "open"  # not yet countable: what it counts from has not happened
    NOT_NEEDED = "not needed"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that happened, or is planned: one row of the file of dates."""

    step: str
    on: date
    features: frozenset[str] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One step of the calendar as it stands; days are calendar days, both ends named."""

    step: str
    occurrence: int = 1
    """Which one of an act that comes back every so many years."""
    title: str
    by: str
    document: str
    where: tuple[str, ...]
    state: State
    counting: str
    """How it is counted, in words."""
    counted_from: str
    counted_from_on: date | None
    due_on: date | None = None
    """Last day for an act, last day of a period."""
    reckoned_to: date | None = None
    """The day before it was moved off a weekend or holiday; None where nothing was moved."""
    earliest_on: date | None = None
    projected: bool = False
    """True while the day counts from an act that has not happened, taken to happen on its own last day, or on the
    day of the calendar where that has passed."""
    done_on: tuple[date, ...] = ()
    features: tuple[str, ...] = ()
    """What the acts held, as the file of dates says."""
    notes: tuple[str, ...] = ()
    case_number: str = ""
    because: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """A day that steps count from: when, and whether it has come to pass."""

    on: date | None
    happened: bool = False
    excused: bool = False
    """True where the step it stands for is not owed, and so nothing counts from it."""


@dataclass(slots=True, kw_only=True)
class _Reckoner:
    """One walk over the steps; every step is worked out once."""

    filing: Filing
    acts: Mapping[str, Sequence[Act]]
    at: date
    found: dict[str, tuple[Deadline, ...]] = field(default_factory=dict)
    ends: dict[str, _Day] = field(default_factory=dict)

    # ---- what stands in the tariff ------------------------------------------------------------
    def held(self, history: History[Any]) -> Dated[Any] | None:
        """The value in force on the day of the calendar; before there is one, the first that is to come."""
        return _held(history, self.at)

    def number(self, history: History[Decimal]) -> int | None:
        """A whole number in force, or None."""
        dated = self.held(history)
        return None if dated is None else int(dated.value)

    def words(self, history: History[frozenset[str]]) -> frozenset[str]:
        """The words in force; none where the tariff says nothing."""
        dated = self.held(history)
        return frozenset() if dated is None else frozenset(dated.value)

    @property
    def computation(self) -> str:
        """How days are counted."""
        return computation_on(self.filing, self.at)

    def past(self, name: str) -> list[Act]:
        """What has happened by the day of the calendar, in order."""
        return sorted((act for act in self.acts.get(name, ()) if act.on <= self.at), key=lambda act: act.on)

    # ---- days from which others count ---------------------------------------------------------
    def day_of(self, name: str) -> _Day:
        """The day of a named date, or the end of a step."""
        if name in self.filing.dates:
            given = self.acts.get(name, ())
            known = self.held(self.filing.dates[name].on)
            on = given[-1].on if given else known.value if known is not None else None
            return _Day(on=on, happened=on is not None and on <= self.at)
        self.reckon(name)
        return self.ends[name]

    def reckon(self, name: str) -> tuple[Deadline, ...]:
        """Every deadline of a step."""
        if name not in self.found:
            step = self.filing.steps[name]
            start = self.day_of(step.after)
            blank = self._blank(name, step, start)
            self.found[name], self.ends[name] = self._reckon(name, step, start, blank)
        return self.found[name]

    def _blank(self, name: str, step: FilingStep, start: _Day) -> Deadline:
        past = self.past(name)
        rules = [dated for dated in (self.held(history) for history in _histories(step)) if dated is not None]
        case_number = self.held(step.case_number)
        return Deadline(
            step=name, title=step.title, by=step.by, document=step.document, where=step.where, state=State.OPEN,
            counting=counting_text(step, self.held), counted_from=step.after, counted_from_on=start.on,
            projected=start.on is not None and not start.happened, done_on=tuple(act.on for act in past),
            features=tuple(sorted(frozenset().union(*(act.features for act in past)))) if past else (),
            notes=tuple(act.note for act in past if act.note),
            case_number="" if case_number is None else str(case_number.value),
            clause="; ".join(dict.fromkeys(dated.cite for dated in rules)))

    def _reckon(self, name: str, step: FilingStep, start: _Day,
                blank: Deadline) -> tuple[tuple[Deadline, ...], _Day]:
        waived = self.held(step.waived)
        if waived is not None and waived.value:
            return (replace(blank, state=State.WAIVED, because="The law waives it.", projected=False),), start
        not_owed = self._not_owed(step, start)
        if not_owed:
            said = replace(blank, state=State.NOT_NEEDED, because=not_owed, projected=False)
            return (said,), _Day(on=None, excused=True)
        if start.on is None:
            past = self.past(name)
            cannot = "Whether it came in time cannot be said" if past else "It cannot be counted"
            waits = replace(blank, because=f"{cannot} before the day is known: {self._title(step.after)}.")
            return (waits,), _Day(on=past[-1].on if past else None, happened=bool(past))
        if self.number(step.every_years):
            return self._yearly(name, step, start.on, blank), _Day(on=start.on, happened=start.happened)
        if self.number(step.at_least_days) is not None or self.number(step.at_least_years) is not None:
            return self._period(name, step, start, blank)
        return self._act(name, step, start, blank)

    def _title(self, name: str) -> str:
        block = self.filing.dates.get(name) or self.filing.steps[name]
        return block.title

    def _not_owed(self, step: FilingStep, start: _Day) -> str:
        """Why nothing is owed here; blank while it is."""
        if start.excused:
            return f"It follows an act that is not needed: {self._title(step.after)}."
        if step.unless is not None and self._came_to_pass(step.unless):
            return f"Not owed: {self._occasion(step.unless)}."
        if step.only_if is not None and self.past(step.only_if.step) and not self._came_to_pass(step.only_if):
            return f"Owed only with this, and that is not so: {self._occasion(step.only_if)}."
        return ""

    def _came_to_pass(self, occasion: Occasion) -> bool:
        past = self.past(occasion.step)
        features = frozenset().union(*(act.features for act in past)) if past else frozenset()
        return bool(past) and set(occasion.features) <= features

    def _occasion(self, occasion: Occasion) -> str:
        with_ = f", with {listed([spaced(word) for word in occasion.features])}" if occasion.features else ""
        return f"{self._title(occasion.step)}{with_}"

    # ---- counting -----------------------------------------------------------------------------
    def _ends(self, start: date, days: int | None, years: int | None) -> tuple[date | None, date | None]:
        """The last day of a period, and where it was before it was moved; nothing where no length is stated."""
        if days is None and years is None:
            return None, None
        end = counted_days(start, days) if days is not None else counted_years(start, years or 0)
        moved = rolled(end, self.computation)
        return moved, end if moved != end else None

    def _period(self, name: str, step: FilingStep, start: _Day, blank: Deadline) -> tuple[tuple[Deadline, ...], _Day]:
        """A period that must be long enough; a row in the file of dates says on which day it was closed."""
        begin = start.on or date.min
        end, before = self._ends(begin, self.number(step.at_least_days), self.number(step.at_least_years))
        last = end or begin
        said = replace(blank, due_on=end, reckoned_to=before)
        closed = self.past(name)
        if not start.happened:
            return (replace(said, because="Reckoned from an act that is still to come."),), _Day(on=end)
        if closed and closed[-1].on < last:
            short = (last - closed[-1].on).days
            because = f"It was closed {_days(short)} before it may end."
            return (replace(said, state=State.TOO_EARLY, because=because),), _Day(on=last)
        if closed or self.at > last:
            on = closed[-1].on if closed else last
            ended = replace(said, state=State.DONE, because=f"It ended on {date_text(on)}.")
            return (ended,), _Day(on=on, happened=True)
        because = f"It runs through {date_text(last)}."
        return (replace(said, state=State.RUNNING, because=because),), _Day(on=last)

    def _yearly(self, name: str, step: FilingStep, first: date, blank: Deadline) -> tuple[Deadline, ...]:
        """Every occurrence up to the next one that is still to come."""
        every = self.number(step.every_years) or 1
        done = self.past(name)
        found: list[Deadline] = []
        while not found or (found[-1].due_on or first) < self.at or len(found) < len(done) + 1:
            place = len(found)
            reckoned = counted_years(first, place * every)
            due = rolled(reckoned, self.computation)
            done_on = done[place].on if place < len(done) else None
            said = replace(blank, occurrence=place + 1, due_on=due, reckoned_to=reckoned if due != reckoned else None,
                           projected=False, done_on=(done_on,) if done_on else ())
            found.append(self._judged(said, done_on, due, owed=True))
        return tuple(found)

    def _act(self, name: str, step: FilingStep, start: _Day, blank: Deadline) -> tuple[tuple[Deadline, ...], _Day]:
        """An act, or several of a kind, with what each of them must hold."""
        begin = start.on or date.min
        due, before = self._ends(begin, self.number(step.within_days), self.number(step.within_years))
        latest, fits = self._latest_that_fits(name) if due is None else (None, "")
        if step.before and due is None:
            due = self._day_before(step.before)
        due = latest if latest is not None else due
        years = self.number(step.not_before_years)
        earliest = None if years is None else counted_years(begin, years)
        said = replace(blank, due_on=due, reckoned_to=before, earliest_on=earliest)
        past = self.past(name)
        if past and self._orderly(step) and not start.happened:
            why = f"It came before this has happened: {self._title(step.after)}."
            return (replace(said, state=State.TOO_EARLY, because=why),), _Day(on=past[-1].on, happened=True)
        in_time = [act for act in past if not self._orderly(step) or act.on >= (earliest or begin)]
        if past and not in_time:
            why = f"It may not come before {date_text(earliest or begin)}."
            return (replace(said, state=State.TOO_EARLY, because=why),), _Day(on=past[-1].on, happened=True)
        full = [act for act in in_time if self.words(step.each_with) <= act.features]
        lacking = self._lacking(step, in_time, full)
        done_on = None if lacking or not full else self._completed(step, full)
        judged = self._judged(said, done_on, due, owed=start.happened and self._is_owed(step, earliest))
        too_late = "It cannot come in time any more." if due is not None and begin > due and not done_on else ""
        told = " ".join(filter(None, [judged.because, lacking if past else "", too_late, fits]))
        end = _Day(on=done_on, happened=True) if done_on else _Day(on=max(due or begin, begin, self.at))
        return (replace(judged, because=told),), end

    def _is_owed(self, step: FilingStep, earliest: date | None) -> bool:
        """False while an act may not be done yet, or while nobody knows whether it will be owed."""
        undecided = step.only_if is not None and not self._came_to_pass(step.only_if)
        return not undecided and (earliest is None or earliest <= self.at or self.number(step.within_years) is not None)

    def _orderly(self, step: FilingStep) -> bool:
        """Whether the act may not come before what it counts from; of a bare duty the law states no order."""
        timed = (step.within_days, step.within_years, step.not_before_years, step.count_min)
        return step.after in self.filing.dates or any(timed)

    def _lacking(self, step: FilingStep, in_time: Sequence[Act], full: Sequence[Act]) -> str:
        count_min = self.number(step.count_min) or 1
        absent = [word for word in sorted(self.words(step.one_with)) if not any(word in act.features for act in full)]
        bare = [act for act in in_time if act not in full]
        return lacking_text(count_min - len(full), sorted(self.words(step.each_with)),
                            [date_text(act.on) for act in bare], absent)

    def _completed(self, step: FilingStep, full: Sequence[Act]) -> date:
        """The day on which enough had happened, and with everything that one of them must hold."""
        count_min = self.number(step.count_min) or 1
        with_all = [next(act.on for act in full if word in act.features) for word in self.words(step.one_with)]
        return max([full[count_min - 1].on, *with_all])

    def _judged(self, said: Deadline, done_on: date | None, due: date | None, *, owed: bool) -> Deadline:
        if done_on is not None and due is not None and done_on > due:
            return replace(said, state=State.DONE_LATE, because=f"It came {_days((done_on - due).days)} late.")
        if done_on is not None:
            return replace(said, state=State.DONE)
        if not owed:
            return replace(said, because=_waits(said))
        if due is None:
            return replace(said, state=State.DUE, because="The law states no number of days.")
        if self.at > due:
            return replace(said, state=State.LATE, because=f"It is {_days((self.at - due).days)} late.")
        return replace(said, state=State.DUE, because=f"{_days((due - self.at).days)} left.")

    # ---- what must fit before something else ------------------------------------------------------
    def _day_before(self, name: str) -> date | None:
        """The last business day before a step happened or is due."""
        on = self.day_of(name).on
        return None if on is None else business_days_before(on, 1, self.computation)[0]

    def _latest_that_fits(self, name: str) -> tuple[date | None, str]:
        """The latest day for a step from which a period runs that must fit before another step.

        Interpretation: where acts follow the period, each takes a business day of its own, the last one before the
        day of the other step.
        """
        for period_name, period in self.filing.steps.items():
            days, years = self.number(period.at_least_days), self.number(period.at_least_years)
            if period.after != name or (days is None and years is None):
                continue
            acts_name = next((other for other, acts in self.filing.steps.items()
                              if acts.after == period_name and acts.before and not self._is_waived(acts)), "")
            acts = self.filing.steps.get(acts_name, period)
            limit = self.day_of(acts.before).on if acts.before else None
            if limit is None:
                continue
            held_on = (business_days_before(limit, self.number(acts.count_min) or 1, self.computation)
                       if acts_name else (limit,))
            latest, end = self._latest_start(held_on[0], days, years)
            told = [f"{spaced(period_name)} through {date_text(end)}"]
            told += [f"{spaced(acts_name)} on {listed([date_text(day) for day in held_on])}"] if acts_name else []
            told += [f"{spaced(acts.before)} by {date_text(limit)}"]
            return latest, f"The latest day that still fits: {', '.join(told)}."
        return None, ""

    def _latest_start(self, limit: date, days: int | None, years: int | None) -> tuple[date, date]:
        """The latest day from which a period ends before the limit, and that end."""
        latest = counted_years(limit, -years) if years else counted_days(limit, -(days or 0))
        while (end := self._ends(latest, days, years)[0] or latest) >= limit:
            latest -= timedelta(days=1)
        return latest, end

    def _is_waived(self, step: FilingStep) -> bool:
        waived = self.held(step.waived)
        return waived is not None and bool(waived.value)


def _histories(step: FilingStep) -> Iterator[History[Any]]:
    """The rules of a step whose clauses stand for its deadline."""
    yield from (step.within_days, step.within_years, step.at_least_days, step.at_least_years, step.not_before_years,
                step.every_years, step.count_min, step.each_with, step.one_with, step.share_pct_min, step.waived,
                step.because)


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _waits(said: Deadline) -> str:
    if said.earliest_on is not None and not said.projected:
        return f"It may not come before {date_text(said.earliest_on)}."
    if said.projected:
        return "Reckoned from an act that is still to come."
    return "It is not known yet whether it is owed."


def _held(history: History[Any], at: date) -> Dated[Any] | None:
    first = min(history, key=lambda dated: (dated.effective, dated.filed), default=None)
    return in_force(history, at, at) or first


def computation_on(filing: Filing, at: date) -> str:
    """The name of the rule by which days are counted on a day."""
    dated = _held(filing.computation, at)
    return "none" if dated is None else str(dated.value)


def deadlines(filing: Filing, acts: Sequence[Act], at: date) -> list[Deadline]:
    """Every deadline of a calendar on a day, in the order of the tariff; acts after the day have not happened yet.

    A day is moved off weekends and holidays as the tariff's computation says. Steps whose start has not happened
    are reckoned from its own last day and marked as projected.
    """
    by_step: dict[str, list[Act]] = {}
    for act in sorted(acts, key=lambda act: (act.on, sorted(act.features), act.note)):
        by_step.setdefault(act.step, []).append(act)
    reckoner = _Reckoner(filing=filing, acts=by_step, at=at)
    return [deadline for name in filing.steps for deadline in reckoner.reckon(name)]
