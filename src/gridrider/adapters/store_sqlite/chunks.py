"""Arrow tables as bytes and back, and whether two tables hold the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

CHUNK_BYTES_MAX = 64 << 20
"""Largest chunk before compression; SQLite takes no blob above a gigabyte."""

COMPRESSED = pa.ipc.IpcWriteOptions(compression="lz4")


def plain(table: pa.Table) -> pa.Table:
    """The table without metadata, each column in one piece where it fits, so that only names, types and rows count."""
    return pa.table(table.columns, names=table.column_names).combine_chunks()


def encoded(table: pa.Table) -> Iterator[tuple[int, bytes]]:
    """The table's rows in order, as chunks: how many rows each holds, and its Arrow IPC stream."""
    rows_max = max(1, CHUNK_BYTES_MAX * table.num_rows // max(table.nbytes, 1))
    for first in range(0, table.num_rows, rows_max):
        piece = table.slice(first, rows_max)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=COMPRESSED) as writer:
            writer.write_table(piece)
        yield piece.num_rows, sink.getvalue().to_pybytes()


def decoded(chunk: bytes) -> pa.Table:
    """The rows of one chunk."""
    with pa.ipc.open_stream(chunk) as reader:
        return reader.read_all()


def same_rows(one: pa.Table, other: pa.Table) -> bool:
    """True when both tables have the same columns and the same rows in the same order; not-a-number equals itself."""
    return one.schema == other.schema and all(
        comparable(left).equals(comparable(right)) for left, right in zip(one.columns, other.columns, strict=True))


BITS = {pa.float64(): pa.int64(), pa.float32(): pa.int32()}


def comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with doubles seen as whole numbers of the same bits, and words in place of numbers for words."""
    if column.type in BITS:
        return pa.chunked_array([chunk.view(BITS[column.type]) for chunk in column.chunks], BITS[column.type])
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
