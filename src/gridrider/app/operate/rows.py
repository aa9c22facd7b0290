"""Arrow tables of one declared schema: whole numbers inside, blank where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...table import Kind, TableSchema

ARROW_TYPES: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(), Kind.TEXTS: pa.list_(pa.string()), Kind.INTEGER: pa.int64(), Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(), Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Kind.DATE_OR_TIMESTAMP: pa.timestamp("us", tz="UTC"), Kind.KWH: pa.int64(), Kind.KW: pa.int64(),
    Kind.HOURS: pa.int64(), Kind.MW: pa.int64(), Kind.MWH: pa.int64(), Kind.USD: pa.int64(), Kind.FACTOR: pa.float64()}
"""How a column of each kind travels through the ports. A factor is a measured number here, never money."""


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """The columns of a table under their inside names.

    >>> from gridrider.event.model import OPT_OUTS
    >>> arrow_schema(OPT_OUTS).names
    ['event_id', 'enrollment_id', 'at']
    """
    return pa.schema([(column.inside_name, ARROW_TYPES[column.kind]) for column in schema.columns])


def rows_of(schema: TableSchema, count: int, columns: Mapping[str, Any]) -> pa.Table:
    """A table of `count` rows; a column is an array, one thing for all rows, or left out and blank.

    Columns have their inside names. Raises KeyError for one that the schema does not declare.
    """
    fields = arrow_schema(schema)
    unknown = set(columns) - set(fields.names)
    if unknown:
        raise KeyError(f"{schema.name} has no column {', '.join(sorted(unknown))}")
    return pa.table([_column(field, columns.get(field.name), count) for field in fields], schema=fields)


def _column(field: pa.Field, held: Any, count: int) -> pa.Array | pa.ChunkedArray:
    if held is None:
        return pa.nulls(count, field.type)
    if isinstance(held, pa.Array | pa.ChunkedArray):
        return held if held.type == field.type else held.cast(field.type)
    if isinstance(held, np.ndarray):
        if pa.types.is_timestamp(field.type):
            return pa.array(held.astype("datetime64[us]"), pa.timestamp("us")).cast(field.type)
        return pa.array(held, field.type, from_pandas=True)
    if isinstance(held, list | tuple) and not pa.types.is_list(field.type):
        return pa.array(held, field.type)
    return pa.repeat(pa.scalar(held, field.type), count)


def empty(schema: TableSchema) -> pa.Table:
    """A table without rows."""
    return arrow_schema(schema).empty_table()


def instants(seconds: NDArray[np.float64]) -> NDArray[np.datetime64]:
    """Unix seconds as instants; NaN and infinity are blank."""
    known = np.isfinite(seconds)
    micros = np.where(known, np.round(np.where(known, seconds, 0.0) * 1e6), 0).astype(np.int64)
    return np.where(known, micros.astype("datetime64[us]"), np.datetime64("NaT"))


def seconds_of(instant: datetime) -> float:
    """Unix seconds of an aware instant."""
    return instant.timestamp()
