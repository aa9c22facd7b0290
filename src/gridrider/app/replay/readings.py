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
    """`premise`: the retail meter; `device`: the battery's inverter or the vehicle's charger; `both`."""
    premise_point_ids: pa.ChunkedArray
    is_ev: NDArray[np.bool_]
    rows: int = field(default=0)

    def day(self, day: date, registers: dict[str, Floats]) -> None:
        """Write one local day; registers are quarter hours x homes, in kWh."""
        if not (self.season.every_day or self._wanted(day)):
            return
        tables = []
        if self.measured_at != "premise":
            taken = np.where(self.is_ev, registers["ev_charge_kwh"], registers["charge_kwh"])
            given = np.where(self.is_ev, registers["ev_discharge_kwh"], registers["discharge_kwh"])
            tables.append(self._readings(day, self.point_ids, taken, given))
        if self.measured_at != "device":
            tables.append(self._readings(day, self.premise_point_ids, registers["import_kwh"],
                                         registers["export_kwh"]))
        self.folder.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(self.folder / f"{day}.parquet", tables[0].schema, compression="zstd",
                              use_dictionary=["point_id", "quality"], store_decimal_as_integer=True,
                              store_schema=False) as writer:
            for table in tables:
                writer.write_table(table)
                self.rows += len(table)

    def _readings(self, day: date, points: pa.ChunkedArray, taken_kwh: Floats, given_kwh: Floats) -> pa.Table:
        """The one door at which the twin's energy becomes whole milliwatt-hours."""
        taken, given = (np.rint(kwh * 1e6).astype(np.int64) for kwh in (taken_kwh, given_kwh))
        return readings_of(day, self.season.timezone, points.to_pylist(), (taken, given))

    def _wanted(self, day: date) -> bool:
        """Days with an event, and the days before them."""
        called = {call.day for call in self.season.calls}
        return day in called or day + DAY in called
