"""Fleet audit: which municipal vehicles suit a vehicle-to-grid pilot, why not the others, and what they could give.

Source: the roadmap's first step "Identify municipal vehicles (buses/trucks) suitable for a V2G pilot"
(tariffs/municipal/byod-v2g, filing.steps.fleet_audit). The numbers of the rule come from the tariff's rider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..table import Column, Kind, TableSchema

HOURS_OF_DAY = 24.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetVehicle:
    """One vehicle as the fleet's list has it. Hours of the day are local."""

    vehicle_id: str
    kind: str
    """school bus, truck..."""
    usable_kwh: float
    discharge_kw_max: float
    """Of vehicle and charger together; 0 = they charge only."""
    charge_kw_max: float
    discharge_efficiency: float
    evidence: frozenset[str]
    """What it has shown, such as ISO15118-20 and UL1741-SB."""
    plugged_from_h: float
    plugged_until_h: float
    """When it usually leaves; smaller than `plugged_from_h` = the next day."""
    plugged_kwh: float
    """What is usually stored when it is plugged in."""
    trip_kwh: float
    """What its next trip takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRule:
    """What a vehicle is held against: the rider's eligibility and protections, and when it would be called."""

    evidence: tuple[str, ...]
    reserve_pct_min: float
    cycles_per_year_max: float
    events_per_year_max: float
    call_from_h: float = 17.0
    """Local hours of the day."""
    call_until_h: float = 20.0
    called_h_min: float = 1.0
    """A vehicle that is plugged in for less of the call is no use. House rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFinding:
    """What the audit finds of one vehicle."""

    vehicle_id: str
    kind: str
    suitable: bool
    reasons: tuple[str, ...]
    called_h: float
    """For how long of the call it is plugged in."""
    spare_kwh: float
    """What it can give in a call, at the plug, above its reserve and its next trip."""
    expected_kw: float
    """Its mean over the whole call; 0 when it does not suit."""
    year_kwh: float
    """What a year's calls or cycles allow, whichever is less; 0 when it does not suit."""
    year_cycles: float
    """The same in full discharges of the usable energy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetTotal:
    """The suitable vehicles of one kind together."""

    kind: str
    vehicles: int
    suitable: int
    expected_kw: float
    year_kwh: float


FLEET_AUDIT = TableSchema(
    name="fleet_audit",
    key=("vehicle_id",),
    meaning="Which vehicles of a fleet suit a vehicle-to-grid pilot, why not, and what they could give.",
    columns=(
        Column(name="vehicle_id", kind=Kind.TEXT, required=True, filled=True, meaning="the vehicle"),
        Column(name="kind", kind=Kind.TEXT, meaning="school bus, truck..."),
        Column(name="suitable", kind=Kind.BOOLEAN, required=True, meaning="it may take part"),
        Column(name="reasons", kind=Kind.TEXTS, meaning="why not, all of them"),
        Column(name="called_h", kind=Kind.HOURS, meaning="how long of a call it is plugged in"),
        Column(name="spare_kwh", kind=Kind.KWH, meaning="what it can give in a call above reserve and next trip"),
        Column(name="expected_kw", kind=Kind.KW, meaning="its mean over the call; 0 when it does not suit"),
        Column(name="year_kwh", kind=Kind.KWH, meaning="what calls and cycles of a year allow"),
        Column(name="year_cycles", kind=Kind.FACTOR, meaning="the same in full discharges"),
    ),
)


def audit_vehicle(vehicle: FleetVehicle, rule: AuditRule) -> FleetFinding:
    """Hold one vehicle against the rule.

    Its next trip's energy stays in the battery as far as it cannot be charged between the end of the call and leaving.
    """
    called_h, left_h = hours_in_call(vehicle, rule)
    floor_kwh = max(vehicle.usable_kwh * rule.reserve_pct_min / 100,
                    vehicle.trip_kwh - vehicle.charge_kw_max * left_h)
    stored_kwh = min(vehicle.plugged_kwh, vehicle.usable_kwh)
    spare_kwh = min(max(stored_kwh - floor_kwh, 0.0) * vehicle.discharge_efficiency,
                    vehicle.discharge_kw_max * called_h)
    reasons = (*why_not(vehicle, rule, called_h), *(("no energy above reserve and next trip",)
                                                    if stored_kwh <= floor_kwh else ()))
    cycle_kwh = vehicle.usable_kwh * vehicle.discharge_efficiency
    year_kwh = 0.0 if reasons else min(spare_kwh * rule.events_per_year_max, cycle_kwh * rule.cycles_per_year_max)
    return FleetFinding(
        vehicle_id=vehicle.vehicle_id, kind=vehicle.kind, suitable=not reasons, reasons=reasons, called_h=called_h,
        spare_kwh=spare_kwh, year_kwh=year_kwh, year_cycles=year_kwh / cycle_kwh if cycle_kwh else 0.0,
        expected_kw=0.0 if reasons else spare_kwh / (rule.call_until_h - rule.call_from_h))


def why_not(vehicle: FleetVehicle, rule: AuditRule, called_h: float) -> tuple[str, ...]:
    """What stands against a vehicle, beside its energy."""
    return (*(("vehicle or charger cannot feed back",) if vehicle.discharge_kw_max <= 0 else ()),
            *(f"no evidence of {name}" for name in rule.evidence if name not in vehicle.evidence),
            *((f"plugged in for {called_h:.1f} h of the call, at least {rule.called_h_min:.1f} h are needed",)
              if called_h < rule.called_h_min else ()))


def hours_in_call(vehicle: FleetVehicle, rule: AuditRule) -> tuple[float, float]:
    """For how long of the call the vehicle is plugged in, and how long after that until it leaves."""
    start_h, until_h = vehicle.plugged_from_h, vehicle.plugged_until_h
    if until_h <= start_h:
        until_h += HOURS_OF_DAY
    called_h = left_h = 0.0
    for shift_h in (-HOURS_OF_DAY, 0.0):  # plugged in since yesterday, or from today on
        overlap_h = min(until_h + shift_h, rule.call_until_h) - max(start_h + shift_h, rule.call_from_h)
        if overlap_h > 0:
            called_h, left_h = called_h + overlap_h, max(until_h + shift_h - rule.call_until_h, 0.0)
    return called_h, left_h


def audit_fleet(vehicles: Sequence[FleetVehicle], rule: AuditRule) -> tuple[FleetFinding, ...]:
    """One finding for each vehicle, in their order."""
    return tuple(audit_vehicle(vehicle, rule) for vehicle in vehicles)


def fleet_totals(findings: Sequence[FleetFinding]) -> tuple[FleetTotal, ...]:
    """One total for each kind of vehicle, sorted, the whole fleet last with the kind blank."""
    kinds = sorted({finding.kind for finding in findings})
    groups = [(kind, [finding for finding in findings if finding.kind == kind]) for kind in kinds]
    return tuple(FleetTotal(kind=kind, vehicles=len(group), suitable=sum(each.suitable for each in group),
                            expected_kw=sum(each.expected_kw for each in group),
                            year_kwh=sum(each.year_kwh for each in group))
                 for kind, group in [*groups, ("", list(findings))])
