"""Who takes part: participants, applications, enrollments, what is done to them, and how they change."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from ..table import Column, Kind, TableSchema

TECHNOLOGIES = ("battery", "ev", "thermostat", "water_heater", "other")
CUSTOMER_CLASSES = ("residential", "small_commercial", "other")

ENROLLMENTS = TableSchema(
    name="enrollments",
    required=True,
    open=True,
    key=("enrollment_id",),
    meaning="Who takes part, with what, from when, measured where and paid to whom.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="rider", kind=Kind.TEXT, required=True, meaning="a rider of the tariff"),
        Column(name="customer_id", kind=Kind.TEXT, required=True, filled=True, meaning="the customer"),
        Column(name="site_id", kind=Kind.TEXT, meaning="the site"),
        Column(name="participant_id", kind=Kind.TEXT, required=True, filled=True,
               meaning="the aggregator, or the customer itself when direct"),
        Column(name="aggregation_id", kind=Kind.TEXT, meaning="blank = participant"),
        Column(name="payee_id", kind=Kind.TEXT, meaning="blank = participant"),
        Column(name="point_id", kind=Kind.TEXT, required=True, filled=True, meaning="where performance is measured"),
        Column(name="premise_point_id", kind=Kind.TEXT, meaning="the retail meter"),
        Column(name="technology", kind=Kind.TEXT, required=True, filled=True, choices=TECHNOLOGIES,
               meaning="what the device is"),
        Column(name="nameplate_kw", kind=Kind.KW, required=True, meaning="rated power of the device"),
        Column(name="duration_h", kind=Kind.HOURS, meaning="how long it can hold its power"),
        Column(name="committed_kw", kind=Kind.KW, meaning="power promised"),
        Column(name="agreement_signed_on", kind=Kind.DATE, required=True, meaning="blank = not signed"),
        Column(name="enrolled_on", kind=Kind.DATE, meaning="the vintage day; blank = starts_on"),
        Column(name="prior_enrollment_id", kind=Kind.TEXT, meaning="the enrollment that this one follows"),
        Column(name="starts_on", kind=Kind.DATE, required=True, filled=True, meaning="first day, included"),
        Column(name="ends_on", kind=Kind.DATE, meaning="last day, included; blank = open"),
        Column(name="end_reason", kind=Kind.TEXT, meaning="why it ended"),
        Column(name="customer_class", kind=Kind.TEXT, choices=CUSTOMER_CLASSES, meaning="the customer's class"),
        Column(name="low_income", kind=Kind.BOOLEAN, meaning="low to moderate income"),
        Column(name="disadvantaged_community", kind=Kind.BOOLEAN, meaning="in a disadvantaged community"),
        Column(name="constrained_area", kind=Kind.BOOLEAN, meaning="in a constrained area of the grid"),
        Column(name="zone", kind=Kind.TEXT, required=True, meaning="a zone of the tariff"),
        Column(name="services", kind=Kind.TEXTS, meaning="blank = all of the rider's"),
    ),
)

KEPT_COLUMNS = (
    Column(name="suspended_at", kind=Kind.TIMESTAMP, meaning="since when it is suspended; blank = it is not"),
    Column(name="acts_done", kind=Kind.TEXTS, meaning="keys of the acts that have been dealt with"),
)
"""What `enroll` keeps with an enrollment for its next run; to a settlement they are attributes like any other."""

APPLICATIONS = TableSchema(
    name="applications",
    open=True,
    meaning="Who asks to take part, with what. The columns of enrollments, and the evidence that the tariff asks for.",
    columns=(
        Column(name="application_id", kind=Kind.TEXT, meaning="the application; blank = enrollment_id"),
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment that it becomes; blank = application_id"),
        *(replace(column, filled=False, required=column.name in ("customer_id", "participant_id", "point_id",
                                                                 "technology", "nameplate_kw"))
          if column.name in ("agreement_signed_on", "starts_on", "rider", "zone") else column
          for column in ENROLLMENTS.columns
          if column.name not in ("enrollment_id", "ends_on", "end_reason")),
        Column(name="applied_at", kind=Kind.TIMESTAMP, meaning="when it came in; first come, first served"),
        Column(name="applied_on", kind=Kind.DATE, meaning="the day on which it came in; blank = that of applied_at"),
        Column(name="pending", kind=Kind.BOOLEAN, meaning="it waits for the act approve, where the utility reviews"),
        Column(name="energy_kwh", kind=Kind.KWH, meaning="usable energy of the device"),
        Column(name="utility_customer", kind=Kind.BOOLEAN, meaning="served by the utility"),
        Column(name="cca_customer", kind=Kind.BOOLEAN, meaning="served by community choice in the utility's territory"),
        Column(name="utility_owned", kind=Kind.BOOLEAN, meaning="the utility owns the device"),
        Column(name="other_programs", kind=Kind.TEXTS, meaning="other programs of the device, by name or kind"),
        Column(name="household_income_usd", kind=Kind.USD, meaning="household income of a year"),
        Column(name="median_income_state_usd", kind=Kind.USD, meaning="median income of the state"),
        Column(name="median_income_area_usd", kind=Kind.USD, meaning="median income of the area"),
    ),
)

PARTICIPANT_KINDS = ("aggregator", "direct")

PARTICIPANTS = TableSchema(
    name="participants",
    open=True,
    key=("participant_id",),
    meaning="Whom the utility has agreements with: aggregators, and customers that take part directly.",
    columns=(
        Column(name="participant_id", kind=Kind.TEXT, required=True, filled=True, meaning="the participant"),
        Column(name="kind", kind=Kind.TEXT, required=True, filled=True, choices=PARTICIPANT_KINDS,
               meaning="which of the two it is"),
        Column(name="utility", kind=Kind.BOOLEAN, meaning="it is a utility itself"),
        Column(name="utility_affiliate", kind=Kind.BOOLEAN, meaning="it is an affiliate of a utility"),
        Column(name="agreement_signed_on", kind=Kind.DATE, meaning="its agreement with the utility; blank = none"),
        Column(name="data_agreement_signed_on", kind=Kind.DATE, meaning="its agreement on customer and grid data"),
    ),
)


class Act(StrEnum):
    """What is done to an application or an enrollment."""

    APPROVE = "approve"
    WITHDRAW = "withdraw"
    SUSPEND = "suspend"
    RESUME = "resume"
    MOVE = "move"
    ADD_SERVICE = "add_service"
    UNENROLL = "unenroll"
    DISENROLL = "disenroll"
    RE_ENROLL = "re_enroll"
    CLOSE = "close"


ACTS = TableSchema(
    name="acts",
    meaning="What is done to applications and enrollments, in the order of its times.",
    columns=(
        Column(name="act", kind=Kind.TEXT, required=True, filled=True, choices=tuple(Act), meaning="what is done"),
        Column(name="at", kind=Kind.DATE_OR_TIMESTAMP, required=True, filled=True, meaning="when"),
        Column(name="application_id", kind=Kind.TEXT, meaning="the application, for approve and withdraw"),
        Column(name="enrollment_id", kind=Kind.TEXT, meaning="the enrollment, for every other act"),
        Column(name="by", kind=Kind.TEXT, meaning="who asks: utility, a participant or a customer; blank = utility"),
        Column(name="to_participant_id", kind=Kind.TEXT, meaning="move: the new participant"),
        Column(name="to_enrollment_id", kind=Kind.TEXT, meaning="move, re_enroll: the new row's id; blank = derived"),
        Column(name="services", kind=Kind.TEXTS, meaning="add_service: which"),
        Column(name="reason", kind=Kind.TEXT, meaning="why"),
        Column(name="idempotency_key", kind=Kind.TEXT, meaning="same key, same act; blank = what the row says"),
    ),
)

PERMITS = TableSchema(
    name="permits",
    key=("application_id",),
    meaning="Permits for devices, with the days that the clock runs between.",
    columns=(
        Column(name="application_id", kind=Kind.TEXT, required=True, filled=True, meaning="the application"),
        Column(name="applied_on", kind=Kind.DATE, required=True, filled=True, meaning="the day it was asked for"),
        Column(name="decided_on", kind=Kind.DATE, meaning="the day it was decided; blank = not yet"),
        Column(name="class", kind=Kind.TEXT, choices=("standard_appliance", "generator"),
               meaning="what the device was treated as"),
    ),
)

SERVICE_TERMS = TableSchema(
    name="service_terms",
    key=("enrollment_id", "service"),
    meaning="Since when an enrollment takes each service: the vintage day of that service.",
    columns=(
        Column(name="enrollment_id", kind=Kind.TEXT, required=True, filled=True, meaning="the enrollment"),
        Column(name="service", kind=Kind.TEXT, required=True, filled=True, meaning="the service"),
        Column(name="taken_on", kind=Kind.DATE, required=True, filled=True, meaning="the day it was taken"),
    ),
)


class Status(StrEnum):
    """Where an application or enrollment stands."""

    APPLIED = "applied"
    PENDING_REVIEW = "pending_review"
    WAITLISTED = "waitlisted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENROLLED = "enrolled"
    SUSPENDED = "suspended"
    MOVED = "moved"
    RE_ENROLLED = "re_enrolled"
    DISENROLLED = "disenrolled"
    CLOSED = "closed"


APPLICATION_STEPS = {
    (Status.APPLIED, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.PENDING_REVIEW, Act.APPROVE): Status.ENROLLED,
    (Status.PENDING_REVIEW, Act.WITHDRAW): Status.WITHDRAWN,
    (Status.WAITLISTED, Act.WITHDRAW): Status.WITHDRAWN,
}
"""What an application becomes by an act; a pair that is not here is refused."""

ENROLLMENT_STEPS = {
    (Status.ENROLLED, Act.SUSPEND): Status.SUSPENDED,
    (Status.SUSPENDED, Act.RESUME): Status.ENROLLED,
    **{(status, act): after for status in (Status.ENROLLED, Status.SUSPENDED) for act, after in (
        (Act.ADD_SERVICE, status), (Act.MOVE, Status.MOVED), (Act.UNENROLL, Status.DISENROLLED),
        (Act.DISENROLL, Status.DISENROLLED), (Act.CLOSE, Status.CLOSED), (Act.RE_ENROLL, Status.RE_ENROLLED))},
}
"""What an enrollment becomes by an act; a pair that is not here is refused."""

ENDED_AS = {
    Status.MOVED: "moved", Status.RE_ENROLLED: "re_enrolled", Status.CLOSED: "closed",
}
"""The end_reason of an enrollment that ended so; any other reason is that of a disenrollment."""
