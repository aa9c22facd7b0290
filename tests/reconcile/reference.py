"""The reconciliation again, row by row in plain Python with fractions: what the SQL must agree with.

Written from the facts on the add-back and the batch contract. It knows nothing of lists per day, masks or windows: it
asks of every interval of every meter what it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from tests.reconcile.world import ZONE, Cells, World, stamp

PAYS = {"6500": "reg_up", "6600": "reg_down", "4560": "other"}
RUNS = ("", "T+3B", "T+12B", "T+55B")
HOUR = timedelta(hours=1)


def energy(text: str) -> Fraction | None:
    """kWh of a cell; None when it is blank."""
    return Fraction(text) if text else None


def kwh_text(kwh: Fraction | None) -> str:
    """A whole number of mWh as kWh with six decimals, ties away from zero."""
    if kwh is None:
        return ""
    scaled = abs(kwh) * 1_000_000
    whole = int(scaled) + (scaled - int(scaled) >= Fraction(1, 2))
    return f"{'-' if kwh < 0 and whole else ''}{whole // 1_000_000}.{whole % 1_000_000:06d}"


def usd_text(usd: Fraction | None) -> str:
    """Dollars with cents, ties away from zero."""
    if usd is None:
        return ""
    scaled = abs(usd) * 100
    whole = int(scaled) + (scaled - int(scaled) >= Fraction(1, 2))
    return f"{'-' if usd < 0 and whole else ''}{whole // 100}.{whole % 100:02d}"


def hour_of(instant: datetime) -> datetime:
    """The start of the local clock hour."""
    local = instant.astimezone(ZONE)
    return instant - timedelta(minutes=local.minute, seconds=local.second)


@dataclass(slots=True)
class Meter:
    """Readings of one point by start."""

    seconds: int
    read: dict[datetime, tuple[Fraction, Fraction] | None] = field(default_factory=dict)

    def over(self, start: datetime, seconds: int) -> tuple[Fraction, Fraction] | None:
        """Import and export of a span; None unless readings with a value cover all of it."""
        taken, given, instant = Fraction(0), Fraction(0), start
        while instant < start + timedelta(seconds=seconds):
            held = self.read.get(instant)
            if held is None:
                return None
            taken, given, instant = taken + held[0], given + held[1], instant + timedelta(seconds=self.seconds)
        return taken, given


@dataclass(slots=True)
class Reference:
    """One reconciliation of a world over local days, first <= day < end."""

    world: World
    first: date
    end: date
    demand_s: int = 900
    tolerance: Fraction = Fraction(1, 1000)
    loss: Fraction = Fraction(1)
    backs_out: bool = False
    retail: list[Cells] = field(default_factory=list)
    demand: list[Cells] = field(default_factory=list)
    exceptions: list[Cells] = field(default_factory=list)
    meters: dict[str, Meter] = field(default_factory=dict)
    awarded: set[tuple[str, datetime]] = field(default_factory=set)
    held: dict[str, list[Cells]] = field(default_factory=dict)

    def run(self) -> Reference:
        """Fill the tables."""
        resources = self.world.rows["resources"]
        for row in self.world.rows["readings"]:
            start = datetime.fromisoformat(row["start"])
            taken, given = energy(row["import_kwh"]), energy(row["export_kwh"])
            meter = self.meters.setdefault(row["point_id"], Meter(int(row["seconds"])))
            meter.read[start] = None if taken is None or given is None else (taken, given)
        known = {row["resource_id"] for row in resources}
        for row in self.world.rows["awards"]:
            if Fraction(row["mw"]) > 0 and row["resource_id"] in known:
                hour = hour_of(datetime.fromisoformat(row["start"]))
                while hour < datetime.fromisoformat(row["start"]) + timedelta(seconds=int(row["seconds"])):
                    self.awarded.add((row["resource_id"], hour))
                    hour += HOUR
        for premise in sorted({row["premise_point_id"] for row in resources}):
            behind = sorted((row for row in resources if row["premise_point_id"] == premise),
                            key=lambda row: row["resource_id"])
            for month in self.months():
                self.month(premise, behind, *month)
        for row in resources:
            if not any((row["resource_id"], hour) in self.awarded for hour in self.hours(self.first, self.end)):
                self.tell(row, self.midnight(self.first), self.midnight(self.end), "resource_without_awards")
        self.exceptions.sort(key=lambda row: (row["resource_id"], row["start"], row["kind"], int(row["seconds"]),
                                              row["charge_code"], row["recalculation"]))
        return self

    def midnight(self, day: date) -> datetime:
        """The instant at which a local day begins."""
        return datetime.combine(day, datetime.min.time(), ZONE).astimezone(UTC)

    def months(self) -> Iterator[tuple[str, date, date]]:
        """Name, first day and end of each month's part."""
        day = self.first
        while day < self.end:
            following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
            yield f"{day:%Y-%m}", day, min(following, self.end)
            day = min(following, self.end)

    def hours(self, first: date, end: date) -> Iterator[datetime]:
        """Every clock hour of some local days."""
        hour = self.midnight(first)
        while hour < self.midnight(end):
            yield hour
            hour += HOUR

    def tell(self, resource: Cells, start: datetime, end: datetime, kind: str, kwh: Fraction | None = None,
             usd: Fraction | None = None, code: str = "", run: str = "") -> None:
        """Add an exception."""
        self.exceptions.append({
            "resource_id": resource.get("resource_id", ""), "start": stamp(start),
            "seconds": str(int((end - start).total_seconds())), "kind": kind, "kwh": kwh_text(kwh),
            "amount_usd": usd_text(usd), "premise_point_id": resource["premise_point_id"],
            "load_serving_entity": resource["load_serving_entity"],
            "scheduling_coordinator": resource["scheduling_coordinator"], "charge_code": code, "recalculation": run})

    def month(self, premise: str, behind: list[Cells], month: str, first: date, end: date) -> None:
        """One premise and month."""
        points = [premise, *(row["wholesale_point_id"] for row in behind)]
        begin, stop = self.midnight(first), self.midnight(end)
        lengths = [max(900, self.meters[point].seconds) for point in points if point in self.meters and any(
            begin <= start < stop for start in self.meters[point].read)]
        row_s = max(lengths, default=900)
        billed: dict[datetime, tuple[Fraction | None, Fraction | None]] = {}
        instant = begin
        while instant < stop:
            billed[instant] = self.interval(premise, behind, instant, row_s)
            instant += timedelta(seconds=row_s)
        self.peak(premise, month, first, end, billed, row_s)
        self.gaps(premise, behind, sorted(billed), row_s)
        if "market_statement" in self.world.rows:
            for row in behind:
                self.compare(row, first, end, row_s)

    def at(self, point: str, start: datetime, seconds: int) -> tuple[Fraction, Fraction] | None:
        """Import and export of a point over a row."""
        return self.meters[point].over(start, seconds) if point in self.meters else None

    def interval(self, premise: str, behind: list[Cells], start: datetime,
                 row_s: int) -> tuple[Fraction | None, Fraction | None]:
        """One row of the bill; its master and billed energy."""
        master = self.at(premise, start, row_s)
        net = None if master is None else master[0] - master[1]
        own = {row["resource_id"]: self.at(row["wholesale_point_id"], start, row_s) for row in behind}
        awarded = [held for name, held in own.items() if (name, hour_of(start)) in self.awarded]
        generation = sum((held[1] for held in own.values() if held), Fraction(0)) if None not in own.values() else None
        addback = sum((held[1] for held in awarded if held), Fraction(0)) if None not in awarded else None
        charging = sum((held[0] for held in awarded if held), Fraction(0)) if None not in awarded else None
        charged = charging if self.backs_out else Fraction(0)
        billed = None if net is None or addback is None or charged is None else net + addback - charged
        self.retail.append({
            "premise_point_id": premise, "start": stamp(start), "seconds": str(row_s),
            "award": "true" if awarded else "false", "master_kwh": kwh_text(net),
            "generation_kwh": kwh_text(generation), "addback_kwh": kwh_text(addback), "billed_kwh": kwh_text(billed),
            "backed_out_kwh": kwh_text(charging) if self.backs_out else ""})
        return net, billed

    def peak(self, premise: str, month: str, first: date, end: date,
             billed: dict[datetime, tuple[Fraction | None, Fraction | None]], row_s: int) -> None:
        """Billing demand of a month."""
        parts = self.demand_s // row_s
        starts = sorted(billed)[::parts]
        found: dict[int, list[tuple[Fraction, datetime]]] = {0: [], 1: []}
        missing = 0
        for start in starts:
            held = [billed[start + timedelta(seconds=row_s * part)] for part in range(parts)]
            for side in (0, 1):
                energies = [pair[side] for pair in held]
                if None not in energies:
                    total = sum((kwh for kwh in energies if kwh is not None), Fraction(0))
                    found[side].append((total * 3600 / self.demand_s, start))
            missing += any(pair[1] is None for pair in held)
        cells = {"premise_point_id": premise, "month": month}
        for side, name in ((0, "master"), (1, "billed")):
            best = max(found[side], key=lambda pair: (pair[0], -pair[1].timestamp()), default=None)
            cells[f"{name}_peak_kw"] = kwh_text(best[0]) if best else ""
            cells[f"{name}_peak_at"] = stamp(best[1]) if best else ""
        whole = first.day == 1 and end.day == 1
        self.demand.append({**cells, "intervals": str(len(starts)), "intervals_missing": str(missing),
                            "complete": "true" if whole and not missing else "false"})

    def gaps(self, premise: str, behind: list[Cells], starts: list[datetime], row_s: int) -> None:
        """Missing readings, joined while they follow each other within a day."""
        parties = {key: ";".join(sorted({row[key] for row in behind}))
                   for key in ("load_serving_entity", "scheduling_coordinator")}
        meters = [({"premise_point_id": premise, **parties}, premise)] + [(row, row["wholesale_point_id"])
                                                                          for row in behind]
        for resource, point in meters:
            open_gap: tuple[datetime, datetime, str] | None = None
            for start in starts:
                if self.at(point, start, row_s) is not None:
                    continue
                award = (resource.get("resource_id", ""), hour_of(start)) in self.awarded
                kind = ("missing_master_reading" if "resource_id" not in resource else
                        "generation_without_meter" if award else "missing_wholesale_reading")
                after = start + timedelta(seconds=row_s)
                if open_gap is not None and open_gap[1] == start and open_gap[2] == kind and \
                        start.astimezone(ZONE).date() == open_gap[0].astimezone(ZONE).date():
                    open_gap = (open_gap[0], after, kind)
                    continue
                self.close(resource, open_gap, row_s)
                open_gap = (start, after, kind)
            self.close(resource, open_gap, row_s)

    def close(self, resource: Cells, gap: tuple[datetime, datetime, str] | None, row_s: int) -> None:
        """Tell a gap that has ended, with what the market paid in it."""
        if gap is None:
            return
        paid = None
        if gap[2] == "generation_without_meter" and "market_statement" in self.world.rows:
            steps = [held for hour in {hour_of(gap[0] + HOUR * n) for n in range(26)}
                     for held in self.steps(resource["resource_id"], hour, row_s).items()]
            inside = [held["paid"] for start, held in steps if gap[0] <= start < gap[1]]
            paid = sum(inside, Fraction(0)) if inside else None
        self.tell(resource, gap[0], gap[1], gap[2], paid)

    def lines(self, name: str) -> list[Cells]:
        """The statement's lines that hold: of each local day those of its latest run."""
        if name not in self.held:
            self.held[name] = self.latest(name)
        return self.held[name]

    def latest(self, name: str) -> list[Cells]:
        """The same, found."""
        own = [row for row in self.world.rows["market_statement"] if row["resource_id"] == name]
        latest: dict[date, int] = defaultdict(int)
        for row in own:
            day = datetime.fromisoformat(row["start"]).astimezone(ZONE).date()
            latest[day] = max(latest[day], RUNS.index(row["recalculation"]))
        return [row for row in own if RUNS.index(row["recalculation"]) ==
                latest[datetime.fromisoformat(row["start"]).astimezone(ZONE).date()]]

    def steps(self, name: str, hour: datetime, row_s: int) -> dict[datetime, dict[str, Fraction]]:
        """What the market paid and charged in an award hour, at the device, by step."""
        if (name, hour) not in self.awarded:
            return {}
        own = [row for row in self.lines(name) if PAYS.get(row["charge_code"], "energy") == "energy"
               and hour_of(datetime.fromisoformat(row["start"])) == hour]
        longest = max((int(row["seconds"]) for row in own), default=0)
        step_s = max(longest, row_s)
        net: dict[datetime, list[Fraction]] = defaultdict(lambda: [Fraction(0), Fraction(0)])
        for row in own:
            offset = int((datetime.fromisoformat(row["start"]) - hour).total_seconds()) // longest * longest
            net[hour + timedelta(seconds=offset)][0] += Fraction(row["mwh"]) * 1000
            net[hour + timedelta(seconds=offset)][1] += Fraction(row["amount_usd"])
        steps: dict[datetime, dict[str, Fraction]] = {}
        for start, (kwh, usd) in net.items():
            offset = int((start - hour).total_seconds()) // step_s * step_s
            held = steps.setdefault(hour + timedelta(seconds=offset), {"paid": Fraction(0), "charged": Fraction(0)})
            held["paid"] += max(kwh, Fraction(0))
            held["charged"] += max(-kwh, Fraction(0))
            if kwh:
                side = "paid_usd" if kwh > 0 else "charged_usd"
                held[side] = held.get(side, Fraction(0)) + usd
        for held in steps.values():
            held["paid"], held["charged"] = (Fraction(kwh_text(held[key] / self.loss)) for key in ("paid", "charged"))
        return steps

    def compare(self, resource: Cells, first: date, end: date, row_s: int) -> None:
        """The statement of a resource and month against its meter and its awards."""
        name = resource["resource_id"]
        for row in self.lines(name):
            start = datetime.fromisoformat(row["start"])
            if not self.midnight(first) <= start < self.midnight(end):
                continue
            outside = (name, hour_of(start)) not in self.awarded
            settled = PAYS.get(row["charge_code"]) != "other" and (Fraction(row["mwh"]) or Fraction(row["amount_usd"]))
            if outside and settled:
                self.tell(resource, start, start + timedelta(seconds=int(row["seconds"])), "settlement_outside_award",
                          Fraction(kwh_text(Fraction(row["mwh"]) * 1000 / self.loss)), Fraction(row["amount_usd"]),
                          row["charge_code"], row["recalculation"])
        for hour in self.hours(first, end):
            if (name, hour) not in self.awarded:
                continue
            steps = self.steps(name, hour, row_s)
            longest = max([int(row["seconds"]) for row in self.lines(name)
                           if PAYS.get(row["charge_code"], "energy") == "energy"
                           and hour_of(datetime.fromisoformat(row["start"])) == hour] or [0])
            step = timedelta(seconds=max(row_s, longest))
            for start in [hour + step * number for number in range(HOUR // step)]:
                self.beside(resource, start, step, steps.get(start, {}), row_s)

    def beside(self, resource: Cells, start: datetime, step: timedelta, books: dict[str, Fraction], row_s: int) -> None:
        """One step of the statement beside the meter."""
        parts = [self.at(resource["wholesale_point_id"], start + timedelta(seconds=row_s) * number, row_s)
                 for number in range(step // timedelta(seconds=row_s))]
        if None in parts:
            return
        taken = sum((part[0] for part in parts if part), Fraction(0))
        given = sum((part[1] for part in parts if part), Fraction(0))
        paid, charged = books.get("paid", Fraction(0)), books.get("charged", Fraction(0))
        if abs(paid - given) > self.tolerance:
            self.tell(resource, start, start + step, "statement_difference", paid - given, books.get("paid_usd"))
        if charged > 0 and taken > 0 and not self.backs_out:
            self.tell(resource, start, start + step, "double_billed_charging", min(charged, taken),
                      books.get("charged_usd"))
        if (charged > 0 or self.backs_out) and abs(charged - taken) > self.tolerance:
            self.tell(resource, start, start + step, "charging_difference", charged - taken, books.get("charged_usd"))
