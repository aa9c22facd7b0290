"""Stores that break one promise each, to see that the shipped checks notice."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pyarrow as pa

from gridrider.adapters.store_memory.store import MemoryStore
from gridrider.adapters.store_sqlite.store import SqliteStore
from gridrider.app.ports import Commit, KeyReused, StaleVersion


class ForgetsKeys(MemoryStore):
    """Commits a repetition once more."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        commit = super().commit(stream, tables, key=f"{key} {len(self._commits)}", expected=expected)
        return Commit(version=commit.version, repeated=False)


class TakesAnyRows(MemoryStore):
    """Says "repeated" whatever the rows are."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        try:
            return super().commit(stream, tables, key=key, expected=expected)
        except KeyReused:
            return Commit(version=self._by_key[stream, key].version, repeated=True)


class LastWriterWins(MemoryStore):
    """Does not look at the version."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        return super().commit(stream, tables, key=key, expected=None)


class StaleBeforeRepeated(MemoryStore):
    """Refuses a repetition whose author saw an older version, as every repetition has."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        if expected is not None and expected != self.version(stream):
            raise StaleVersion
        return super().commit(stream, tables, key=key, expected=expected)


class OneKeyForAll(MemoryStore):
    """A key counts beyond its stream."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        for commit in self._commits:
            if commit.key == key:
                return Commit(version=commit.version, repeated=True)
        return super().commit(stream, tables, key=key, expected=expected)


class TableByTable(MemoryStore):
    """Keeps what came before the fault."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        try:
            return super().commit(stream, tables, key=key, expected=expected)
        except (KeyReused, StaleVersion):
            raise
        except Exception:
            name = next(iter(tables))
            super().commit(stream, {name: tables[name]}, key=key, expected=expected)
            raise


class AnyColumns(MemoryStore):
    """Takes a table with other columns."""

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        self._columns.clear()
        return super().commit(stream, tables, key=key, expected=expected)


class SinceIncluded(MemoryStore):
    """Gives the commit that the reader has seen once more."""

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        return super().read(table, stream=stream, since=max(since - 1, 0))


class NewestFirst(MemoryStore):
    """Turns the commits round."""

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        self._commits.reverse()
        found = super().read(table, stream=stream, since=since)
        self._commits.reverse()
        return found


class OneStream(MemoryStore):
    """Reads all streams when asked for one."""

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        return super().read(table) if since == 0 else super().read(table, stream=stream, since=since)


class EmptyForNone(MemoryStore):
    """Gives a table without columns where there is none."""

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        found = super().read(table, stream=stream, since=since)
        return pa.table({}) if found is None else found


class DropsTypes(MemoryStore):
    """Gives plain words back for words that were kept as numbers."""

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        found = super().read(table, stream=stream, since=since)
        return None if found is None else pa.Table.from_pylist(found.to_pylist())


class WithoutTransaction(SqliteStore):
    """Lets each statement reach the disk by itself, and dawdles before each chunk, so that a kill finds it there."""

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._held() as connection:
            connection.set_trace_callback(lambda sql: time.sleep(0.03 if sql.startswith("insert into chunks") else 0))
            yield connection


class SpeaksTooSoon(SqliteStore):
    """Says that a commit is kept while it still waits for the next one."""

    waits: tuple[str, Mapping[str, pa.Table], str] | None = None

    def version(self, stream: str) -> int:
        return super().version(stream) + (self.waits is not None)

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        if self.waits is not None:
            super().commit(self.waits[0], self.waits[1], key=self.waits[2], expected=None)
        self.waits = (stream, tables, key)
        return Commit(version=self.version(stream), repeated=False)


BROKEN_IN_MEMORY = (ForgetsKeys, TakesAnyRows, LastWriterWins, StaleBeforeRepeated, OneKeyForAll, TableByTable,
                    AnyColumns, SinceIncluded, NewestFirst, OneStream, EmptyForNone, DropsTypes)
