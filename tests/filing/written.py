"""A small tariff with the calendar of the New York bill, and what is due in it once something has happened."""

from __future__ import annotations

from datetime import date
from functools import cache

from gridrider.tariff.filing_dates import Act, Deadline, deadlines
from gridrider.tariff.model import Filing
from tests.tariff.written import WHOLE, read

CALENDAR = """\
filing:
  effective: 2026-02-26
  filed: 2026-02-26
  computation: {value: new_york, cite: "GCL 20, 25-a"}
  dates:
    law: {title: The law takes effect}
    report_day: {title: The day of the report}
  steps:
    proposal: {title: File the proposal, by: utility, after: law, within_days: {value: 90, cite: "241.1"}}
    posted: {title: Post it, by: utility, where: [website], after: proposal,
             because: {value: It is posted., cite: "241.1"}}
    notice: {title: Give notice, by: commission, after: proposal, because: {value: The public is told., cite: "241.1"}}
    comments: {title: Comments, after: notice, at_least_days: {value: 60, cite: "241.1"}}
    hearings:
      title: Hold hearings
      by: commission
      after: comments
      before: decision
      count_min: {value: 2, cite: "241.1"}
      each_with: {value: [video], cite: "241.1"}
      one_with: {value: [disadvantaged_community], cite: "241.1"}
    decision: {title: Decide, by: commission, after: proposal, within_days: {value: 90, cite: "241.1"}}
    tariff: {title: File the tariff, by: utility, after: decision, within_days: {value: 30, cite: "241.1"}}
    approval: {title: Approve it, by: commission, after: tariff, within_days: {value: 45, cite: "241.1"},
               case_number: {value: 27-E-0001, cite: "241.1"}}
    ev: {title: File the EV rider, by: utility, after: law, within_years: {value: 2, cite: "241.1(c)"},
         unless: {step: proposal, features: [ev_rider]}}
    ev_notice: {title: Give notice of it, after: ev, because: {value: The public is told., cite: "241.1(c)"}}
    ev_comments: {title: Comments on it, after: ev_notice, before: ev_decision,
                  at_least_days: {value: 60, cite: "241.1"}}
    ev_hearings: {title: Hearings on it, after: ev_comments, waived: {value: true, cite: "241.1(c)(ii)"}}
    ev_decision: {title: Decide on it, after: ev, within_days: {value: 90, cite: "241.1(c)(ii)"}}
    rules: {title: Make rules for data, by: commission, after: law, within_years: {value: 1, cite: "241.3(d)"}}
    targets: {title: Set targets, by: commission, after: law, within_years: {value: 1, cite: "243.1"}}
    targets_hold: {title: The targets hold, after: targets, at_least_years: {value: 10, cite: "243.1(a)"}}
    method_holds: {title: The method holds, after: law, at_least_years: {value: 4, cite: "241.2(e)(iii)"}}
    areas_hold: {title: The areas hold, after: law, at_least_years: {value: 5, cite: "241.2(e)(iv)"},
                 share_pct_min: {value: 10, cite: "241.2(e)(iv)"}}
    report: {title: Report, by: utility, after: report_day, every_years: {value: 1, cite: "244"}}
"""

TEXT = WHOLE + CALENDAR


@cache
def filing(text: str = TEXT) -> Filing:
    """The calendar of a tariff in which nothing is wrong."""
    held = read(text).filing
    assert held is not None
    return held


def act(step: str, on: str, *features: str) -> Act:
    """Something that happened on a day."""
    return Act(step=step, on=date.fromisoformat(on), features=frozenset(features))


def standing(at: str, *acts: Act, text: str = TEXT) -> dict[str, Deadline]:
    """Every step as it stands on a day; of one that comes back, the last."""
    return {deadline.step: deadline for deadline in deadlines(filing(text), acts, date.fromisoformat(at))}
