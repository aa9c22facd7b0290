"""What is SQLite's own: the file and its refusals, and that it agrees with the plain store in memory."""

import os
import sqlite3
import tempfile
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gridrider.adapters.store_memory.store import MemoryStore
from gridrider.adapters.store_sqlite import chunks
from gridrider.adapters.store_sqlite.file import NotOurFile
from gridrider.adapters.store_sqlite.store import SqliteStore
from gridrider.app.ports import KeyReused, StaleVersion, Store

STREAMS = st.sampled_from(["s", "t"])
NAMES = st.sampled_from(["a", "b"])
ROWS = st.lists(st.one_of(st.none(), st.sampled_from([0.0, 1.5, float("nan")])), max_size=3)
TABLES = st.dictionaries(NAMES, st.builds(lambda rows, kind: pa.table({"x": pa.array(rows, kind)}), ROWS,
                                          st.sampled_from([pa.float64()] * 9 + [pa.float32()])))


class Agreement(RuleBasedStateMachine):
    """Whatever is done to both stores, both answer alike; the file is closed and opened again in between."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.file = SqliteStore(Path(self.folder.name) / "store.sqlite")
        self.memory = MemoryStore()

    @rule(stream=STREAMS, tables=TABLES, key=st.sampled_from("klmn"), behind=st.sampled_from([None, 0, 0, 0, 1, -1]))
    def commit(self, stream, tables, key, behind) -> None:
        expected = None if behind is None else self.memory.version(stream) - behind
        answers: list[object] = []
        for store in (self.memory, self.file):
            try:
                answers.append(store.commit(stream, tables, key=key, expected=expected))
            except (KeyReused, StaleVersion, ValueError) as refusal:
                answers.append(type(refusal))
        assert answers[0] == answers[1]

    @rule(name=NAMES, stream=STREAMS, since=st.integers(0, 5))
    def read_since(self, name, stream, since) -> None:
        assert seen(self.file, name, stream, since) == seen(self.memory, name, stream, since)

    @rule()
    def open_again(self) -> None:
        self.file.close()
        self.file = SqliteStore(Path(self.folder.name) / "store.sqlite")

    @invariant()
    def both_hold_the_same(self) -> None:
        assert self.file.streams() == self.memory.streams()
        for stream in "st":
            assert self.file.version(stream) == self.memory.version(stream)
        for name in "ab":
            assert seen(self.file, name, None, 0) == seen(self.memory, name, None, 0)

    def teardown(self) -> None:
        self.file.close()
        self.folder.cleanup()


def seen(store: Store, name: str, stream: str | None, since: int) -> str:
    """A table as text, in which a number that is none equals itself."""
    table = store.read(name, stream=stream, since=since)
    return "" if table is None else f"{table.schema} {table.to_pylist()}"


TestAgreement = Agreement.TestCase
TestAgreement.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def table(*x: int) -> pa.Table:
    return pa.table({"x": x})


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    text, other = tmp_path / "notes.txt", tmp_path / "other.sqlite"
    text.write_text("not a store, and longer than the hundred bytes of a header " * 3, encoding="utf-8")
    connection = sqlite3.connect(other)
    connection.execute("create table mine (x)")
    connection.commit()
    connection.close()
    for path, sentence in ((text, "no SQLite file"), (other, "of something else")):
        before = path.read_bytes()
        with pytest.raises(NotOurFile, match=sentence):
            SqliteStore(path)
        assert path.read_bytes() == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["notes.txt", "other.sqlite"]


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    SqliteStore(path).close()
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 2")
    connection.close()
    with pytest.raises(NotOurFile, match="format 2"):
        SqliteStore(path)


def test_an_acknowledged_commit_waits_for_the_disk(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    settings = [store._connection.execute(f"pragma {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]


def test_a_writer_waits_for_another_only_so_long(tmp_path: Path) -> None:
    first, second = SqliteStore(tmp_path / "s.sqlite"), SqliteStore(tmp_path / "s.sqlite", wait_s=0.05)
    with first._writing():
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            second.commit("s", {"a": table(1)}, key="k", expected=0)
        assert second.read("a") is None  # reading does not wait
    assert second.commit("s", {"a": table(1)}, key="k", expected=0).version == 1


def test_a_large_table_is_kept_in_several_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "CHUNK_BYTES_MAX", 1000)
    store = SqliteStore(tmp_path / "store.sqlite")
    many = table(*range(1000))
    store.commit("s", {"a": many}, key="k", expected=0)
    ((count, rows),) = store._rows("select count(*), sum(rows) from chunks")
    assert (count, rows) == (8, 1000)
    found = store.read("a")
    assert found is not None
    assert found.equals(many)
    assert store.commit("s", {"a": many}, key="k", expected=0).repeated


@pytest.mark.parametrize(("stream", "key", "name"), [("", "k", "a"), ("s", "", "a"), ("s", "k", "")])
@pytest.mark.parametrize("make", [MemoryStore, partial(SqliteStore, ":memory:")])
def test_blank_names_are_refused(make, stream: str, key: str, name: str) -> None:
    with pytest.raises(ValueError, match="blank"):
        make().commit(stream, {name: table(1)}, key=key, expected=None)


def test_other_columns_are_named(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    store.commit("s", {"a": table(1)}, key="k", expected=0)
    with pytest.raises(ValueError, match=r"table 'a' has the columns \(x int64\), not \(x double, y string\)"):
        store.commit("s", {"a": pa.table({"x": [1.0], "y": ["b"]})}, key="l", expected=1)


def test_a_forked_process_must_open_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    with pytest.raises(RuntimeError, match="opens its own"):
        store.version("s")


def test_a_closed_store_lets_go_of_its_file(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "store.sqlite") as store:
        store.commit("s", {"a": table(1)}, key="k", expected=0)
    assert [each.name for each in tmp_path.iterdir()] == ["store.sqlite"]  # its log is gone
    with pytest.raises(sqlite3.ProgrammingError):
        store.version("s")
