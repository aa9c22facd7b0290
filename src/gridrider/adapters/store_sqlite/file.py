"""Opens the SQLite file of a store: makes it when there is none, refuses it when it is not ours."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

APPLICATION_ID = int.from_bytes(b"grdr")
FORMAT = 1

TABLES = (
    """create table commits (
        number integer primary key,  -- the order in which commits were made, over all streams
        stream text not null,
        version integer not null,
        key text not null,
        unique (stream, version),
        unique (stream, key)
    ) strict""",
    """create table chunks (
        number integer not null references commits,
        name text not null,
        part integer not null,  -- the order within the commit and the table
        rows integer not null,
        arrow blob not null,
        primary key (name, number, part)
    ) strict""",
    """create table columns (
        name text primary key,
        arrow blob not null  -- the Arrow schema that all chunks of this name have
    ) strict""",
)


class NotOurFile(ValueError):
    """The file is no store of ours, or one of a later format. It was not touched."""


def opened(path: Path, wait_s: float) -> sqlite3.Connection:
    """A connection to the store in the file, which is made when it is missing or empty.

    `wait_s` is how long another writer is waited for. Any thread may use the connection, one at a time. Raises
    NotOurFile.
    """
    connection = sqlite3.connect(path, timeout=wait_s, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("pragma page_size = 16384")  # counts for a new file only; chunks are large
        make_tables_once(connection, path)
        keep_a_log(connection, wait_s)
        connection.execute("pragma synchronous = full")  # what was acknowledged outlives a power cut
        connection.execute("pragma foreign_keys = on")
    except sqlite3.DatabaseError as fault:
        connection.close()
        if fault.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise NotOurFile(f"{path} is no SQLite file: name another place for the store.") from None
        raise
    except BaseException:
        connection.close()
        raise
    return connection


def make_tables_once(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in an empty file; of several processes that open it at once, one does."""
    if mark(connection, path) == FORMAT:
        return
    connection.execute("begin immediate")
    try:
        if mark(connection, path) != FORMAT:
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"pragma application_id = {APPLICATION_ID}")
            connection.execute(f"pragma user_version = {FORMAT}")
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")


def mark(connection: sqlite3.Connection, path: Path) -> int:
    """The format that the file says it has; 0 = it is empty. Raises NotOurFile."""
    ((application, form, tables),) = connection.execute(
        "select application_id, user_version, (select count(*) from sqlite_master)"
        " from pragma_application_id, pragma_user_version")
    if application != APPLICATION_ID and (application or form or tables):
        raise NotOurFile(f"{path} is a SQLite file of something else: name another place for the store.")
    if form not in (0, FORMAT):
        raise NotOurFile(f"{path} has format {form} of the store, this version of gridrider reads format {FORMAT}: "
                         "open it with the version that wrote it.")
    return int(form)


def keep_a_log(connection: sqlite3.Connection, wait_s: float) -> None:
    """Let readers go on while one writes (SQLite's write-ahead log); a file keeps this setting.

    Two processes that set it in the same moment do not wait for each other by themselves, so the wait is here.
    """
    last = time.monotonic() + wait_s
    while True:
        try:
            connection.execute("pragma journal_mode = wal")
            return
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > last:
                raise
            time.sleep(0.01)
