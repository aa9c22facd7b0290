"""From what flowed to the readings that a program gets: whole milliwatt-hours, one Parquet file for each local date."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...interval import DAY
from ...twin.readings import readings_of
from .season import Season

Floats = NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class ReadingsWriter:
    """Writes each day's readings when it is over."""

    folder: Path
    season: Season
    point_ids: pa.ChunkedArray
    measured_at: str
    """`premise`: the retail meter; `device`: the battery's inverter or the vehicle's charger."""
    is_ev: NDArray[np.bool_]
    rows: int = field(default=0)

    def day(self, day: date, registers: dict[str, Floats]) -> None:
        """Write one local day; registers are quarter hours x homes, in kWh."""
        if not (self.season.every_day or self._wanted(day)):
            return
        if self.measured_at == "premise":
            taken, given = registers["import_kwh"], registers["export_kwh"]
        else:
            taken = np.where(self.is_ev, registers["ev_charge_kwh"], registers["charge_kwh"])
            given = np.where(self.is_ev, registers["ev_discharge_kwh"], registers["discharge_kwh"])
        both = tuple(np.rint(kwh * 1e6).astype(np.int64) for kwh in (taken, given))
        table = readings_of(day, self.season.timezone, self.point_ids.to_pylist(), (both[0], both[1]))
        self.folder.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(self.folder / f"{day}.parquet", table.schema, compression="zstd",
                              use_dictionary=["point_id", "quality"], store_decimal_as_integer=True,
                              store_schema=False) as writer:
            writer.write_table(table)
        self.rows += len(table)

    def _wanted(self, day: date) -> bool:
        """Days with an event, and the days before them."""
        called = {call.day for call in self.season.calls}
        return day in called or day + DAY in called
