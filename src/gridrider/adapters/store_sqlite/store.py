"""A store whose commits outlive the process, the machine's power and each other: one SQLite file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import finalize

import pyarrow as pa

from ...app.ports import Commit, KeyReused, StaleVersion
from .chunks import decoded, encoded, plain, same_rows
from .file import opened


class SqliteStore:
    """The port Store on one file. Threads may share it; each process opens its own.

    A commit has returned only when it is on the disk. Raises NotOurFile when the file is something else, and
    sqlite3.OperationalError when another writer holds the file for longer than `wait_s`.
    """

    def __init__(self, path: Path | str, *, wait_s: float = 30.0) -> None:
        self._process = os.getpid()
        self._lock = Lock()
        self._connection = opened(Path(path), wait_s)
        self._let_go = finalize(self, self._connection.close)

    def close(self) -> None:
        """Let go of the file; this also happens when nobody holds the store any more."""
        with self._lock:
            self._let_go()

    def __enter__(self) -> SqliteStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def version(self, stream: str) -> int:
        """How many commits the stream has seen."""
        return int(self._rows("select coalesce(max(version), 0) from commits where stream = ?", stream)[0][0])

    def streams(self) -> Sequence[str]:
        """The names of all streams, sorted."""
        return [name for (name,) in self._rows("select distinct stream from commits order by stream")]

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        """The rows of a table in the order of their commits; None when there is none."""
        if stream is None and since:
            raise ValueError(f"since={since} counts the commits of one stream: say which stream.")
        if stream is None:
            chunks = self._rows("select arrow from chunks where name = ? order by number, part", table)
        else:
            chunks = self._rows("select arrow from commits join chunks using (number)"
                                " where stream = ? and version > ? and name = ? order by version, part",
                                stream, since, table)
        return pa.concat_tables([decoded(chunk) for (chunk,) in chunks]) if chunks else None

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        """Append the rows, all or nothing. Raises KeyReused, StaleVersion, and ValueError when columns have changed."""
        if not (stream and key and all(tables)):
            raise ValueError("a commit names its stream, its key and its tables: one of them is blank.")
        given = {name: plain(table) for name, table in tables.items()}
        chunks = [(name, part, rows, arrow) for name, table in given.items()
                  for part, (rows, arrow) in enumerate(encoded(table))]  # before anybody has to wait for us
        with self._writing() as connection:
            for number, version in connection.execute(
                    "select number, version from commits where stream = ? and key = ?", (stream, key)).fetchall():
                check_rows(connection, number, given, f"key {key!r} of stream {stream!r}, version {version},")
                return Commit(version=version, repeated=True)
            (version,) = connection.execute("select coalesce(max(version), 0) from commits where stream = ?",
                                            (stream,)).fetchone()
            if expected is not None and expected != version:
                raise StaleVersion(f"stream {stream!r} is at version {version}, not {expected}: read it again.")
            for name, table in given.items():
                keep_columns(connection, name, table.schema)
            number = connection.execute("insert into commits (stream, version, key) values (?, ?, ?)",
                                        (stream, version + 1, key)).lastrowid
            connection.executemany("insert into chunks (number, name, part, rows, arrow) values (?, ?, ?, ?, ?)",
                                   ((number, *chunk) for chunk in chunks))
        return Commit(version=version + 1, repeated=False)

    def _rows(self, sql: str, *parameters: str | int) -> list[tuple[Any, ...]]:
        with self._held() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def _held(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one thread at a time. A forked process would damage the file through it."""
        if os.getpid() != self._process:
            raise RuntimeError("this store was opened by another process: each process opens its own.")
        with self._lock:
            yield self._connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The only writer in the world, until it is done; on any exception nothing was written."""
        with self._held() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            finally:
                if connection.in_transaction:
                    connection.execute("rollback")


def check_rows(connection: sqlite3.Connection, number: int, given: Mapping[str, pa.Table], deed: str) -> None:
    """Raise KeyReused when a commit that is kept has other rows than are given now."""
    kept: dict[str, list[pa.Table]] = {}
    for name, arrow in connection.execute("select name, arrow from chunks where number = ?"
                                          " and name in (select name from columns) order by name, part", (number,)):
        kept.setdefault(name, []).append(decoded(arrow))
    filled = {name: table for name, table in given.items() if table.num_rows}
    if kept.keys() != filled.keys() or not all(same_rows(pa.concat_tables(chunks), filled[name])
                                               for name, chunks in kept.items()):
        raise KeyReused(f"{deed} was committed with other rows.")


def keep_columns(connection: sqlite3.Connection, name: str, columns: pa.Schema) -> None:
    """Remember the columns of a new table; raise ValueError when a known one comes with others."""
    known = connection.execute("select arrow from columns where name = ?", (name,)).fetchone()
    if known is None:
        connection.execute("insert into columns values (?, ?)", (name, columns.serialize().to_pybytes()))
        return
    before = pa.ipc.read_schema(pa.py_buffer(known[0]))
    if columns != before:
        described = [", ".join(f"{field.name} {field.type}" for field in schema) for schema in (before, columns)]
        raise ValueError(f"table {name!r} has the columns ({described[0]}), not ({described[1]}).")
