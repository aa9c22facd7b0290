"""The clear sky over a fleet, once per weather cell and orientation: by pvlib where installed, else by own formulas.

Clouds, if any, are the caller's factor. Both give the DC output of panels per kW of their rating, losses and heat taken
off; they differ by some percent, since the own model knows neither turbidity nor the panels' temperature.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from .homes import Floats

HAVE_PVLIB = find_spec("pvlib") is not None

LINKE_TURBIDITY = 3.0
"""A clear summer sky over land. Assumed."""
DERATED = 0.86
"""NREL's PVWatts: 14% of losses in panels and wiring."""
HOT_AND_DERATED = 0.82
"""As in the demo's weather: losses, and the heat of a summer day. Assumed."""
PER_C = -0.0035
"""Output lost per degree above 25. Assumed; crystalline silicon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A place whose homes see one sun and one temperature."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Panels of one orientation in one cell; azimuth clockwise from north."""

    cell: int
    tilt_deg: float
    azimuth_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """What the clear sky gives in each step."""

    horizontal_kw_per_m2: Floats
    """Steps x cells."""
    panel_kw_per_kw: Floats
    """Steps x planes."""


def clear_sky(middles_s: Floats, cells: tuple[Cell, ...], planes: tuple[Plane, ...], *,
              temperature_c: Floats | float = 25.0, use_pvlib: bool | None = None) -> Sun:
    """The clear sky at the middles of steps, in Unix seconds; `temperature_c` (steps x cells) heats pvlib's panels."""
    with_pvlib = HAVE_PVLIB if use_pvlib is None else use_pvlib
    air_c = np.broadcast_to(temperature_c, (len(middles_s), len(cells)))
    parts = [_Sky.by_pvlib(middles_s, cell) if with_pvlib else _Sky.by_formulas(middles_s, cell) for cell in cells]
    panels = [(_pvlib_panel if with_pvlib else _own_panel)(parts[plane.cell], plane, air_c[:, plane.cell])
              for plane in planes]
    return Sun(horizontal_kw_per_m2=np.stack([sky.horizontal for sky in parts], axis=1),
               panel_kw_per_kw=np.stack(panels, axis=1) if panels else np.empty((len(middles_s), 0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sky:
    """Where the sun stands (radians; azimuth from north) and what comes from it, in kW/m2."""

    height: Floats
    azimuth: Floats
    beam: Floats
    diffuse: Floats
    horizontal: Floats

    @classmethod
    def by_formulas(cls, middles_s: Floats, cell: Cell) -> _Sky:
        """Declination and equation of time by Spencer (1971); direct beam 1.353 * 0.7 ** (air mass ** 0.678) kW/m2.

        Meinel and Meinel, Applied Solar Energy (1976); a tenth of the beam comes as diffuse light.
        """
        days = np.asarray(middles_s, dtype=np.float64) / 86_400.0
        # Unix day 0 is a first of January; the drift of up to a day against the calendar year moves the sun by 0.4 deg.
        year = 2.0 * np.pi * (days % 365.2425) / 365.2425
        declination = (0.006918 - 0.399912 * np.cos(year) + 0.070257 * np.sin(year) - 0.006758 * np.cos(2 * year)
                       + 0.000907 * np.sin(2 * year) - 0.002697 * np.cos(3 * year) + 0.00148 * np.sin(3 * year))
        sun_fast_h = 3.8197 * (0.000075 + 0.001868 * np.cos(year) - 0.032077 * np.sin(year)
                               - 0.014615 * np.cos(2 * year) - 0.040849 * np.sin(2 * year))
        solar_h = (days % 1.0) * 24.0 + cell.longitude_deg / 15.0 + sun_fast_h
        hour_angle, latitude = np.radians(15.0 * (solar_h - 12.0)), np.radians(cell.latitude_deg)
        sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
        south = np.cos(hour_angle) * np.cos(declination) * np.sin(latitude) - np.sin(declination) * np.cos(latitude)
        west = np.cos(declination) * np.sin(hour_angle)
        up = sine > 0.02
        beam = np.where(up, 1.353 * 0.7 ** ((1.0 / np.where(up, sine, 1.0)) ** 0.678), 0.0)
        return cls(height=np.arcsin(sine), azimuth=np.pi + np.arctan2(west, south), beam=beam, diffuse=0.1 * beam,
                   horizontal=beam * (np.maximum(sine, 0.0) + 0.1))

    @classmethod
    def by_pvlib(cls, middles_s: Floats, cell: Cell) -> _Sky:
        """Solar position of NREL (Reda and Andreas, 2004), clear sky of Ineichen and Perez (2002), by pvlib."""
        import pvlib

        pressure_pa = pvlib.atmosphere.alt2pres(cell.altitude_m)
        apparent_zenith, _, apparent_height, _, azimuth, _ = pvlib.spa.solar_position(
            np.asarray(middles_s, dtype=np.float64), cell.latitude_deg, cell.longitude_deg, cell.altitude_m,
            pressure_pa / 100.0, 12.0, 67.0, 0.5667)
        air_mass = pvlib.atmosphere.get_absolute_airmass(pvlib.atmosphere.get_relative_airmass(apparent_zenith),
                                                         pressure_pa)
        with np.errstate(divide="ignore"):  # below the horizon pvlib divides by a beam of zero
            sky = pvlib.clearsky.ineichen(apparent_zenith, air_mass, LINKE_TURBIDITY, cell.altitude_m)
        beam, diffuse, horizontal = (np.nan_to_num(sky[name]) / 1000.0 for name in ("dni", "dhi", "ghi"))
        return cls(height=np.radians(apparent_height), azimuth=np.radians(azimuth), beam=beam, diffuse=diffuse,
                   horizontal=horizontal)


def _incidence(sky: _Sky, plane: Plane) -> Floats:
    """Cosine of the angle between beam and panel, 0 from behind."""
    tilt, turned = np.radians(plane.tilt_deg), sky.azimuth - np.radians(plane.azimuth_deg)
    cosine: Floats = np.sin(sky.height) * np.cos(tilt) + np.cos(sky.height) * np.sin(tilt) * np.cos(turned)
    return np.maximum(cosine, 0.0)


def _own_panel(sky: _Sky, plane: Plane, air_c: Floats) -> Floats:
    """Output per kW: beam and diffuse light, one factor for all losses."""
    return np.asarray(HOT_AND_DERATED * (sky.beam * _incidence(sky, plane) + sky.diffuse), dtype=np.float64)


def _pvlib_panel(sky: _Sky, plane: Plane, air_c: Floats) -> Floats:
    """Output per kW by PVWatts: isotropic sky, Faiman's panel temperature at a wind of 1 m/s."""
    import pvlib

    facing = (1.0 + np.cos(np.radians(plane.tilt_deg))) / 2.0
    on_panel_w = 1000.0 * (sky.beam * _incidence(sky, plane) + sky.diffuse * facing)
    panel_c = pvlib.temperature.faiman(on_panel_w, air_c)
    return np.asarray(DERATED * pvlib.pvsystem.pvwatts_dc(on_panel_w, panel_c, 1.0, PER_C), dtype=np.float64)
