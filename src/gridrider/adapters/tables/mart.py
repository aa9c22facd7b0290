"""The table of days on disk: one Parquet file per local date, the same bytes for the same rows."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

ROW_GROUP_ROWS = 2048
"""Points per row group: few enough to read a range of ids alone, enough to compress well."""


class DayFile:
    """Writes the rows of one day in groups of fixed size, so that the chunks they came in leave no trace."""

    def __init__(self, path: Path, schema: pa.Schema, pool: Executor | None = None) -> None:
        # Dictionaries made these files a third smaller, and faster to write and to read, than plain pages.
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._pool = pool
        self._writing: Future[None] | None = None

    def __enter__(self) -> DayFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None,
                 trace: TracebackType | None) -> None:
        if kind is None:
            self._hand_over(self._rows)
        self._finish_writing()
        self._writer.close()

    def add(self, days: pa.Table) -> None:
        """Take rows; they are written as soon as a group is full."""
        self._waiting.append(days)
        self._rows += days.num_rows
        if self._rows >= ROW_GROUP_ROWS:
            self._hand_over(self._rows - self._rows % ROW_GROUP_ROWS)

    def _hand_over(self, rows: int) -> None:
        """Write the first rows, in the pool when there is one; never more than one lot is on its way."""
        if not rows:
            return
        table = pa.concat_tables(self._waiting)
        rest = table.slice(rows)
        self._waiting, self._rows = ([rest] if rest.num_rows else []), rest.num_rows
        self._finish_writing()
        if self._pool is None:
            self._write(table.slice(0, rows))
        else:
            self._writing = self._pool.submit(self._write, table.slice(0, rows))

    def _finish_writing(self) -> None:
        if self._writing is not None:
            self._writing.result()
            self._writing = None

    def _write(self, table: pa.Table) -> None:
        for begin in range(0, table.num_rows, ROW_GROUP_ROWS):
            self._writer.write_table(table.slice(begin, ROW_GROUP_ROWS).combine_chunks(),
                                     row_group_size=ROW_GROUP_ROWS)
