"""The demonstration: two synthetic seasons, made, settled and reported in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ..interval import DateSpan
from ..problem import DataRefused
from ..tariff.load import load
from .demo_inputs import SeasonAbout, write_dsgs_inputs, write_elrp_inputs
from .places import tariffs_folder
from .settle import Progress, Settled, SettleRequest, settle

SEASONS: dict[str, Callable[..., SeasonAbout]] = {"elrp-2022": write_elrp_inputs, "dsgs-2025": write_dsgs_inputs}
"""Name of each season's folder and what writes its inputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSeason:
    """A settled season and where its report stands."""

    title: str
    settled: Settled
    report: Path


def run_demo(out: Path, *, sites: int, seed: int, progress: Progress) -> list[DemoSeason]:
    """Make, settle and report each season into `out/<season>`, with its inputs in `out/<season>-inputs`."""
    return [_season(out, name, write, sites=sites, seed=seed, progress=progress) for name, write in SEASONS.items()]


def _season(out: Path, name: str, write: Callable[..., SeasonAbout], *, sites: int, seed: int,
            progress: Progress) -> DemoSeason:
    inputs = out / f"{name}-inputs"
    about = write(inputs, sites=sites, seed=seed,
                  progress=lambda step, done, total: progress(f"{name}: {step}", done, total))
    tariff = tariffs_folder() / about.tariff / "tariff.yaml"
    first, end = (date.fromisoformat(part) for part in about.period.split("/"))
    settled = settle(SettleRequest(
        tariff=tariff, inputs=inputs, period=DateSpan(first=first, end=end), out=out / name, report=True,
        progress=lambda step, done, total: progress(f"{name}: {step}", done, total)))
    title = _title(tariff)
    return DemoSeason(title=f"{title}, {first.year}", settled=settled, report=out / name / "report.html")


def _title(tariff_file: Path) -> str:
    tariff, problems = load(tariff_file)
    if tariff is None:
        raise DataRefused(problems)
    return tariff.title

