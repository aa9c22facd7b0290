"""A store in this process's memory, as plain as the port allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

import pyarrow as pa

from ...app.ports import Commit, KeyReused, StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One commit as it is kept."""

    stream: str
    version: int
    key: str
    tables: Mapping[str, pa.Table]


class MemoryStore:
    """The port Store in a list of commits. Threads may share it; it ends with the process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._commits: list[Kept] = []
        self._by_key: dict[tuple[str, str], Kept] = {}
        self._versions: dict[str, int] = {}
        self._columns: dict[str, pa.Schema] = {}

    def version(self, stream: str) -> int:
        """How many commits the stream has seen."""
        return self._versions.get(stream, 0)

    def streams(self) -> Sequence[str]:
        """The names of all streams, sorted."""
        return sorted(self._versions)

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        """The rows of a table in the order of their commits; None when there is none."""
        if stream is None and since:
            raise ValueError(f"since={since} counts the commits of one stream: say which stream.")
        found = [commit.tables[table] for commit in list(self._commits)
                 if table in commit.tables and stream in (None, commit.stream) and commit.version > since]
        return pa.concat_tables(found) if found else None

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        """Append the rows, all or nothing. Raises KeyReused, StaleVersion, and ValueError when columns have changed."""
        if not (stream and key and all(tables)):
            raise ValueError("a commit names its stream, its key and its tables: one of them is blank.")
        # Without metadata: names, types and rows are what counts.
        given = {name: pa.table(table.columns, names=table.column_names) for name, table in tables.items()}
        filled = {name: table for name, table in given.items() if table.num_rows}
        with self._lock:
            before = self._by_key.get((stream, key))
            if before is not None:
                if spelled(before.tables) != spelled(filled):
                    raise KeyReused(f"key {key!r} of stream {stream!r} was committed as version {before.version} "
                                    "with other rows.")
                return Commit(version=before.version, repeated=True)
            version = self.version(stream)
            if expected is not None and expected != version:
                raise StaleVersion(f"stream {stream!r} is at version {version}, not {expected}: read it again.")
            columns = {name: table.schema for name, table in given.items()}
            for name in columns.keys() & self._columns.keys():
                if columns[name] != self._columns[name]:
                    raise ValueError(f"table {name!r} has the columns {self._columns[name]}, not {columns[name]}.")
            kept = Kept(stream=stream, version=version + 1, key=key, tables=filled)
            self._columns |= columns
            self._by_key[stream, key] = kept
            self._versions[stream] = version + 1
            self._commits.append(kept)
        return Commit(version=version + 1, repeated=False)


def spelled(tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """All columns and cells as text, in which a number that is none equals itself."""
    return {name: f"{table.schema} {table.to_pylist()!r}" for name, table in tables.items()}
