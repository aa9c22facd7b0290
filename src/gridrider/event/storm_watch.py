"""From what is known of storms to what each site must do: nothing, charge and be ready, or charge and be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from ..interval import utc_text
from ..problem import Problem, warning
from .storm import is_on
from .storm_model import Polygon, StormLock, StormSites, StormSpell, StormState
from .storm_products import DEFAULT_PRODUCTS, Product

Mask = NDArray[np.bool_]
Rows = NDArray[np.intp]

NONE, PRE_ARM, LOCK = 0, 1, 2
CODES = {"ignore": NONE, "pre_arm": PRE_ARM, "lock": LOCK}
MATCHES = ("", "polygon", "county", "forecast_zone", "fire_zone")
OPEN_END = np.iinfo(np.int64).max
"""An end that is not known: until cancelled."""
_NO_ROWS: Rows = np.zeros(0, np.intp)


@dataclass(frozen=True, slots=True, kw_only=True)
class StormWatch:
    """Each site's storm status at an instant: arrays with a row for each site, as in the sites it was made from."""

    status: NDArray[np.int8]
    """0 none, 1 pre_arm, 2 lock."""
    first: NDArray[np.int32]
    """Index into `spells` of what asks it and comes first; -1 where the status is 0."""
    matched_by: NDArray[np.int8]
    """Index into MATCHES of what shows that the site is in it."""
    ends_s: NDArray[np.int64]
    """Last end of all that ask it, in seconds since 1970 UTC; OPEN_END = until cancelled."""
    more: Mask
    """True if another event asks it too."""
    spells: tuple[StormSpell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StormHold:
    """What dispatch must keep to at each site; rows as in the sites."""

    hold: Mask
    """Nobody discharges; a device in a running event leaves it at once."""
    feed_lost: Mask
    """No new discharge: the feed is silent, and a storm was announced when it was heard last."""
    charge: Mask
    """It charges to the tariff's percentage, at its staggered start."""
    problems: tuple[Problem, ...]


def watch_over(state: StormState, sites: StormSites, now: datetime,
               products: Mapping[str, Product] = DEFAULT_PRODUCTS) -> StormWatch:
    """The status of every site.

    Where forecasters drew a polygon and the site's position is known, the polygon decides, its edge included. An
    announcement for whole zones holds for the sites with that code, and for those inside its polygon if it has one.
    """
    spells = _asking(state, now, products)
    count, finder = len(sites), _Finder(sites)
    watch = StormWatch(status=np.zeros(count, np.int8), first=np.full(count, -1, np.int32),
                       matched_by=np.zeros(count, np.int8), ends_s=np.zeros(count, np.int64),
                       more=np.zeros(count, np.bool_), spells=spells)
    event_of = np.unique([str(spell.event) for spell in spells], return_inverse=True)[1]
    for index, spell in enumerate(spells):
        product = products[spell.event.product]
        code, (rows, matched_by) = CODES[product.response], finder.find(spell, product)
        ends_s = OPEN_END if spell.ends is None else int(spell.ends.timestamp())
        again = rows[watch.status[rows] == code]
        watch.more[again] |= event_of[watch.first[again]] != event_of[index]
        watch.ends_s[again] = np.maximum(watch.ends_s[again], ends_s)
        is_new = watch.status[rows] < code
        new = rows[is_new]
        watch.status[new], watch.first[new], watch.ends_s[new] = code, index, ends_s
        watch.matched_by[new], watch.more[new] = matched_by[is_new], False
    return watch


def _asking(state: StormState, now: datetime, products: Mapping[str, Product]) -> tuple[StormSpell, ...]:
    """What is on and asks something, in order of onset."""
    return tuple(sorted((spell for spell in state.values() if is_on(spell, now)
                         and spell.event.product in products and CODES[products[spell.event.product].response]),
                        key=lambda spell: (spell.onset, spell.event, spell.zone)))


def lock_of(watch: StormWatch, sites: StormSites, row: int) -> StormLock | None:
    """Why and how long one site is held or made ready; None where nothing asks it."""
    if not watch.status[row]:
        return None
    spell, match = watch.spells[watch.first[row]], MATCHES[watch.matched_by[row]]
    ends_s = int(watch.ends_s[row])
    ends = None if ends_s == OPEN_END else datetime.fromtimestamp(ends_s, UTC)
    where = "inside its polygon" if match == "polygon" else f"in its {match.replace('_', ' ')} {spell.zone}"
    locked = watch.status[row] == LOCK
    does = "is charged and not discharged" if locked else "is charged and may be called"
    until = f"until {utc_text(ends)}" if ends else "until it is cancelled"
    return StormLock(site_id=str(sites.site_id[row]), status="lock" if locked else "pre_arm", event=spell.event,
                     zone=spell.zone, matched_by=match, onset=spell.onset, ends=ends,
                     because=f"{spell.title} ({spell.event}){' and more' if watch.more[row] else ''}: "
                             f"the site is {where} and {does}, {until}")


def locks_table(watch: StormWatch, sites: StormSites) -> pa.Table:
    """All sites that are held or made ready, as STORM_LOCKS, by site; what is alike is worded once."""
    rows = np.flatnonzero(watch.status)
    rows = rows[np.argsort(sites.site_id[rows], kind="stable")]
    _, ends_rank = np.unique(watch.ends_s[rows], return_inverse=True)
    alike = ((watch.first[rows].astype(np.int64) * len(MATCHES) + watch.matched_by[rows]) * 2 + watch.more[rows]) * (
        len(rows) + 1) + ends_rank
    _, example, which = np.unique(alike, return_index=True, return_inverse=True)
    worded = [lock for row in rows[example].tolist() if (lock := lock_of(watch, sites, row))]
    told = pa.table({
        "status": pa.array([lock.status for lock in worded], pa.string()),
        "event": pa.array([str(lock.event) for lock in worded], pa.string()),
        "zone": pa.array([lock.zone for lock in worded], pa.string()),
        "matched_by": pa.array([lock.matched_by for lock in worded], pa.string()),
        "onset": pa.array([lock.onset for lock in worded], pa.timestamp("us", "UTC")),
        "ends": pa.array([lock.ends for lock in worded], pa.timestamp("us", "UTC")),
        "because": pa.array([lock.because for lock in worded], pa.string()),
    }).take(pa.array(which))
    return told.add_column(0, "site_id", pa.array(sites.site_id[rows].tolist(), pa.string()))


class _Finder:
    """Finds the sites of one announcement; codes are looked up once, polygons drawn once."""

    def __init__(self, sites: StormSites) -> None:
        self.sites = sites
        self.placed: Mask = np.isfinite(sites.latitude_deg) & np.isfinite(sites.longitude_deg)
        self.by_code = [_rows_by_code(codes) for codes in (sites.county, sites.forecast_zone, sites.fire_zone)]
        self.inside: dict[tuple[Polygon, ...], Rows] = {}
        self.found = np.zeros(len(sites), np.int8)

    def find(self, spell: StormSpell, product: Product) -> tuple[Rows, NDArray[np.int8]]:
        """The rows of the sites in it, and for each the index into MATCHES of what shows that."""
        coded = [rows.get(spell.zone, _NO_ROWS) for rows in self.by_code]
        if spell.polygons and product.drawn:
            coded = [rows[~self.placed[rows]] for rows in coded]
        shown = [self._inside(spell.polygons) if spell.polygons else _NO_ROWS, *coded]
        for match in (4, 3, 2, 1):
            self.found[shown[match - 1]] = match
        rows = np.unique(np.concatenate(shown))
        matched_by = self.found[rows]
        return rows, matched_by

    def _inside(self, polygons: tuple[Polygon, ...]) -> Rows:
        if polygons not in self.inside:
            pieces = [shapely.Polygon(rings[0], rings[1:]) for rings in polygons]
            # What crosses or covers itself is still inside: the default method would cut holes there.
            area = shapely.union_all(shapely.make_valid(pieces, method="structure", keep_collapsed=True))
            west, south, east, north = area.bounds
            longitude, latitude = self.sites.longitude_deg, self.sites.latitude_deg
            near = self.placed & (longitude >= west) & (longitude <= east) & (latitude >= south) & (latitude <= north)
            rows = np.flatnonzero(near)
            self.inside[polygons] = rows[shapely.intersects_xy(area, longitude[rows], latitude[rows])]
        return self.inside[polygons]


def _rows_by_code(codes: NDArray[np.str_]) -> dict[str, Rows]:
    order = np.argsort(codes, kind="stable")
    names, first = np.unique(codes[order], return_index=True)
    return {str(name): rows for name, rows in zip(names, np.split(order, first)[1:], strict=True) if name}


def storm_hold(state: StormState, sites: StormSites, now: datetime, heard_at: Mapping[str, datetime],
               stale_after: timedelta, products: Mapping[str, Product] = DEFAULT_PRODUCTS, *,
               pre_arm_dispatchable: bool = True) -> tuple[StormWatch, StormHold]:
    """What storm watch asks of dispatch.

    `heard_at` says when the feed of each area (the first two letters of a site's codes) answered last. A warning
    locks. A watch charges, and takes the site out of dispatch only where the tariff says so. Silence of the feed never
    ends anything: what is known stays until its own end, and a site that was announced a storm when its feed was heard
    last is not discharged anew, for the storm may have been prolonged since.
    """
    watch = watch_over(state, sites, now, products)
    hold = watch.status >= (LOCK if pre_arm_dispatchable else PRE_ARM)
    lost = np.zeros(len(sites), np.bool_)
    problems: list[Problem] = []
    areas = areas_of(sites)
    for area in np.unique(areas).tolist():
        here, heard = areas == area, heard_at.get(area)
        if heard is None:
            problems.append(_never_heard(area, int(here.sum())))
        elif now - heard > stale_after:
            announced = (watch_over(state, sites, heard, products).status > NONE) | (watch.status > NONE)
            lost |= here & announced
            problems.append(warning(
                "storm watch", f"has not answered since {utc_text(heard)}; locks stay, and {int((here & lost).sum())} "
                "sites where a storm was announced are not called anew", "Look at the feed, or enter alerts by hand.",
                value=area))
    return watch, StormHold(hold=hold, feed_lost=lost, charge=watch.status > NONE, problems=tuple(problems))


def _never_heard(area: str, sites: int) -> Problem:
    return warning("storm watch", f"has never answered; nothing is known of storms at its {sites} sites",
                   "Add the area to the feed, or give the sites their county and zone codes.", value=area or "no area")


def areas_of(sites: StormSites) -> NDArray[np.str_]:
    """Each site's area, for which the feed is asked: the state of its first known code; blank = none known."""
    area = np.full(len(sites), "", "<U2")
    for code in (sites.county, sites.forecast_zone, sites.fire_zone):
        area = np.where(area == "", code.astype("<U2"), area)
    return area
