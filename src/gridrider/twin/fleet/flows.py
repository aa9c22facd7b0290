"""What flowed in a run: registers per row and home."""

from __future__ import annotations

from dataclasses import dataclass

from .homes import Floats

NAMES = ("import_kwh", "export_kwh", "charge_kwh", "discharge_kwh", "pv_kwh", "curtailed_kwh", "load_kwh",
         "unserved_kwh", "ev_charge_kwh", "ev_discharge_kwh", "reactive_kvarh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Flows:
    """Energy in kWh, rows x homes, each >= 0 but `reactive_kvarh`; a row is one step or several in a row.

    In every row and home, to rounding:

        import - export = load - unserved + charge - discharge + ev_charge - ev_discharge - pv
    """

    row_s: int
    """Length of a row."""
    import_kwh: Floats
    export_kwh: Floats
    """The premise meter's two registers."""
    charge_kwh: Floats
    discharge_kwh: Floats
    """At the battery's AC terminals."""
    pv_kwh: Floats
    """Produced, curtailment taken off."""
    curtailed_kwh: Floats
    load_kwh: Floats
    """Asked by everything but battery and car, whether served or not."""
    unserved_kwh: Floats
    ev_charge_kwh: Floats
    ev_discharge_kwh: Floats
    reactive_kvarh: Floats
    """+ = injected."""

    @property
    def net_import_kwh(self) -> Floats:
        """Import less export at the premise meter."""
        return self.import_kwh - self.export_kwh

    @property
    def delivered_kwh(self) -> Floats:
        """What the battery gave less what it took."""
        return self.discharge_kwh - self.charge_kwh
