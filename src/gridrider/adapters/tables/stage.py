"""Readings in any order, put in order on disk: by local day, point and start, whatever their number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from .blocks import prepare
from .cells import literal

STAGED = pa.schema([
    ("day", pa.int32()), ("point_id", pa.string()), ("start_us", pa.int64()), ("seconds", pa.int64()),
    ("import_mwh", pa.int64()), ("export_mwh", pa.int64()), ("quality", pa.int8()), ("revision", pa.int64()),
    ("file", pa.int32()), ("source_row", pa.int64())])
BATCH_ROWS = 1 << 17


class Stage:
    """A file of readings on their way from the order in which they came to the order in which we fold."""

    def __init__(self, folder: Path, *, threads: int, memory_limit_mb: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._path = folder / "staged.parquet"
        self._threads, self._memory_limit_mb = threads, memory_limit_mb
        self._writer = pq.ParquetWriter(self._path, STAGED, compression="lz4", use_dictionary=["point_id"])
        self.rows = 0

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._writer.close()

    def append(self, batch: pa.Table) -> None:
        """Add rows; the batch has the columns of STAGED, in any order."""
        if batch.num_rows:
            self._writer.write_table(batch.select(STAGED.names).cast(STAGED))
            self.rows += batch.num_rows

    def remove(self) -> None:
        """Free the disk when the rows are folded."""
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def sorted_batches(self) -> Iterator[pa.Table]:
        """All rows, ordered by day, point and start; sorted on disk where memory does not suffice."""
        self._writer.close()
        if not self.rows:
            return
        with duckdb.connect() as connection:
            prepare(connection)
            connection.execute(f"set memory_limit = '{self._memory_limit_mb}MB'")
            connection.execute(f"set threads = {self._threads}")
            connection.execute(f"set temp_directory = {literal(str(self._folder / 'spill'))}")
            connection.execute("set preserve_insertion_order = false")
            rows = connection.sql(f"select * from read_parquet({literal(str(self._path))}) "
                                  "order by day, point_id, start_us")
            for batch in rows.to_arrow_reader(BATCH_ROWS):
                yield pa.Table.from_batches([batch])
