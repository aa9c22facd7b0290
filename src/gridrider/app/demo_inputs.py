"""Write the input folders of the demonstration: a synthetic season of one program, ready for `settle`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from ..problem import DataRefused, error, refuse_on_error
from ..tariff.load import load
from ..tariff.model import Tariff
from ..twin.dsgs import build_dsgs
from ..twin.elrp import build_elrp
from ..twin.files import Progress, write_inputs
from ..twin.season import Season, season_from
from ..twin.synthetic import SyntheticSeason
from .places import tariffs_folder

ELRP = "pge/elrp-a4/season-2022.yaml"
DSGS = "cec/dsgs-option-3/season-2025.yaml"
SITES_MIN, SITES_MAX = 50, 200_000
"""Below, the special cases of a season no longer find homes; above, gigabytes of readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonAbout:
    """What a settlement of the written folder needs to know, and what its report must say."""

    tariff: str
    """The folder of the tariff below tariffs/, such as pge/elrp-a4."""
    period: str
    """As the command line takes it: START/END, END exclusive."""
    assumptions: tuple[str, ...]
    """Sentences for every page of the report."""
    synthetic: bool = True


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def write_elrp_inputs(out: Path, *, sites: int, seed: int, progress: Progress = silent) -> SeasonAbout:
    """Write the ELRP season of 2022 for `sites` homes; 4,687 give the published participants of each event.

    The folder is replaced when it holds an earlier synthetic season. Raises DataRefused when it holds anything else
    or `sites` or `seed` is out of range.
    """
    _refuse(sites, seed)
    return _write(out, ELRP, lambda season, _: build_elrp(season, sites=sites, seed=seed), progress)


def write_dsgs_inputs(out: Path, *, sites: int, seed: int, progress: Progress = silent) -> SeasonAbout:
    """Write the DSGS season of 2025 for `sites` batteries, with the real hours, kinds and prices of its events.

    The folder is replaced when it holds an earlier synthetic season. Raises DataRefused when it holds anything else
    or `sites` or `seed` is out of range.
    """
    _refuse(sites, seed)

    def build(season: Season, tariff: Tariff) -> SyntheticSeason:
        return build_dsgs(season, sites=sites, seed=seed, price_series=price_series(tariff, season))

    return _write(out, DSGS, build, progress)


def load_season(name: str) -> tuple[Season, Tariff]:
    """A season of the tariffs folder and its tariff; raises DataRefused with every Problem found."""
    path = tariffs_folder() / name
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        reason = " ".join(str(fault).split())
        raise DataRefused([error(name, f"cannot be read: {reason}", "Install gridrider again.")]) from fault
    tariff, problems = load(path.parent / "tariff.yaml")
    if tariff is None:
        raise DataRefused(problems)
    season, problems = season_from(document, name, ZoneInfo(tariff.timezone))
    if season is None:
        raise DataRefused(problems)
    return season, tariff


def price_series(tariff: Tariff, season: Season) -> str:
    """The market price series that the tariff names for the season's zone."""
    history = tariff.zones[season.zone].price_series
    return max(history, key=lambda dated: dated.effective).value


def _write(out: Path, name: str, build: Callable[[Season, Tariff], SyntheticSeason],
           progress: Progress) -> SeasonAbout:
    season, tariff = load_season(name)
    write_inputs(build(season, tariff), out, progress)
    return SeasonAbout(tariff=season.tariff, period=season.period, assumptions=season.assumptions)


def _refuse(sites: int, seed: int) -> None:
    """Raise DataRefused when no season can be made of these numbers."""
    problems = []
    if not SITES_MIN <= sites <= SITES_MAX:
        problems.append(error("sites", f"must be from {SITES_MIN} to {SITES_MAX}", "Choose another number.",
                              value=str(sites)))
    if seed < 0:
        problems.append(error("seed", "must be 0 or more", "Choose another number.", value=str(seed)))
    refuse_on_error(problems)
