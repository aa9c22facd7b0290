"""What every store must do, as checks that its author runs: the port's promises, one function each.

Hand a check an `Open`: calling it opens one and the same store again, as another process or a restart would. Each
check wants a store that nobody has used. A check returns when the promise is kept and raises ContractBroken when not.

    for check in CHECKS:
        check(partial(MyStore, a_new_place()))

`DURABLE_CHECKS` are for stores that outlive their process: they start processes, so that the `Open` must be picklable,
and kill one of them. They take some seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from itertools import pairwise
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Thread

import pyarrow as pa

from .ports import KeyReused, StaleVersion, Store

Open = Callable[[], Store]


class ContractBroken(Exception):
    """The store does not do what the port promises; the sentence says what it did instead."""


def hold(kept: bool, sentence: str) -> None:
    """Raise ContractBroken with the sentence when a promise is not kept."""
    if not kept:
        raise ContractBroken(sentence)


def promise(check: Callable[[Open], None]) -> Callable[[Open], None]:
    """A check that breaks off for whatever the store raised has found a promise broken, too."""
    @wraps(check)
    def checked(open_store: Open) -> None:
        try:
            check(open_store)
        except ContractBroken:
            raise
        except Exception as fault:
            raise ContractBroken(f"{check.__name__}: the store raised {type(fault).__name__}: {fault}") from fault
    return checked


def readings(*kwh: float | None, point: str = "p1") -> pa.Table:
    """Rows to commit: text, numbers, blanks and an instant."""
    at = pa.array([1_700_000_000_000_000] * len(kwh), pa.timestamp("us", tz="UTC"))
    return pa.table({"point_id": pa.array([point] * len(kwh), pa.string()), "at": at,
                     "kwh": pa.array(kwh, pa.float64(), from_pandas=False)})


def numbers(store: Store, *, table: str = "readings", stream: str | None = "s", since: int = 0) -> list[float]:
    """The numbers of a table as the store gives them back; an empty list for None."""
    found = store.read(table, stream=stream, since=since)
    return [] if found is None else found.column("kwh").to_pylist()


@promise
def an_empty_store_is_empty(open_store: Open) -> None:
    """Version 0, no stream, no table."""
    store = open_store()
    hold(store.version("s") == 0, "an unused stream has a version other than 0.")
    hold(not store.streams(), "a new store has streams.")
    hold(store.read("readings") is None, "a table that nobody wrote is not None.")
    hold(store.read("readings", stream="s") is None, "a table of a stream that nobody wrote is not None.")


@promise
def rows_come_back_as_they_went_in(open_store: Open) -> None:
    """Types, blanks, order and several tables of one commit; a table without rows is none."""
    store = open_store()
    given = readings(1.0, None, -0.5)
    words = pa.table({"word": pa.array(["a", "b", "a"]).dictionary_encode(), "parts": [[1, 2], [], None]})
    commit = store.commit("s", {"readings": given, "words": words, "none": given.slice(0, 0)}, key="k", expected=0)
    hold(commit.version == 1 and not commit.repeated, f"the first commit came to {commit}.")
    for name, table in {"readings": given, "words": words}.items():
        found = open_store().read(name, stream="s")
        hold(found is not None and found.schema.equals(table.schema) and found.to_pylist() == table.to_pylist(),
             f"table {name!r} came back changed: {found}.")
    hold(store.read("none") is None, "a table that was given no row is not None.")
    hold(store.commit("s", {}, key="nothing", expected=1).version == 2, "a commit without tables made no version.")


@promise
def order_is_the_order_of_commits(open_store: Open) -> None:
    """Within a stream, over all streams, and from a version on."""
    store = open_store()
    for number, stream in enumerate(["s", "t", "s", "r", "s"]):
        store.commit(stream, {"readings": readings(float(number))}, key=f"k{number}", expected=None)
    hold(numbers(store, stream=None) == [0, 1, 2, 3, 4], f"all streams read {numbers(store, stream=None)}.")
    for since, right in enumerate([[0, 2, 4], [2, 4], [4], [], []]):
        found = numbers(store, since=since)
        hold(found == right, f"since version {since} the numbers {found} are read, and {right} were committed.")
    hold(store.read("readings", stream="s", since=3) is None, "since the last version something is there, if empty.")
    hold(list(store.streams()) == ["r", "s", "t"], f"the streams are {store.streams()}, not r, s, t.")
    hold([store.version(stream) for stream in "rst"] == [1, 3, 1], "versions count commits of other streams.")
    try:
        store.read("readings", since=1)
    except ValueError:
        return
    raise ContractBroken("a version was taken that belongs to no stream.")


@promise
def a_key_counts_once(open_store: Open) -> None:
    """The same deed again changes nothing, whatever version its author has seen; a key belongs to its stream."""
    store = open_store()
    nan = float("nan")
    rows = readings(1.0, nan, None)
    store.commit("s", {"readings": rows, "other": readings(9.0)}, key="k", expected=0)
    store.commit("s", {"readings": readings(2.0)}, key="l", expected=1)
    in_pieces = pa.concat_tables([readings(1.0), readings(nan, None)]).replace_schema_metadata({"made": "again"})
    for expected in (0, 2, None, 7):
        again = open_store().commit("s", {"other": readings(9.0), "readings": in_pieces}, key="k", expected=expected)
        hold(again.repeated and again.version == 1, f"the same deed again came to {again}, not to version 1, repeated.")
    hold(store.version("s") == 2, "a repetition made a version.")
    hold(len(numbers(store)) == 4, "a repetition added rows.")
    hold(not store.commit("t", {"readings": rows}, key="k", expected=0).repeated, "a key holds beyond its stream.")


@promise
def a_key_is_not_used_for_other_rows(open_store: Open) -> None:
    """More, fewer, other or differently ordered rows, other tables: all raise KeyReused and write nothing."""
    store = open_store()
    store.commit("s", {"readings": readings(1.0, 2.0)}, key="k", expected=0)
    others: dict[str, Mapping[str, pa.Table]] = {
        "more rows": {"readings": readings(1.0, 2.0, 3.0)}, "fewer rows": {"readings": readings(1.0)},
        "other rows": {"readings": readings(1.0, 2.5)}, "the rows turned round": {"readings": readings(2.0, 1.0)},
        "blanks": {"readings": readings(1.0, None)}, "no table": {}, "another table": {"other": readings(1.0, 2.0)},
        "a second table": {"readings": readings(1.0, 2.0), "other": readings(1.0)}}
    for what, tables in others.items():
        try:
            store.commit("s", tables, key="k", expected=None)
        except KeyReused:
            continue
        raise ContractBroken(f"a key was taken again with {what}.")
    hold(store.version("s") == 1 and numbers(store) == [1, 2], "a refused key changed the store.")
    hold(store.read("other") is None, "a refused key left a table.")


@promise
def a_stale_version_is_refused(open_store: Open) -> None:
    """Whoever has not seen the last commit writes nothing, nor does who has seen one too many; None is any."""
    store = open_store()
    store.commit("s", {"readings": readings(1.0)}, key="a", expected=0)
    for expected in (0, 2, -1):
        try:
            open_store().commit("s", {"readings": readings(2.0)}, key="b", expected=expected)
        except StaleVersion:
            continue
        raise ContractBroken(f"a commit that expected version {expected} was taken at version 1.")
    hold(store.version("s") == 1 and numbers(store) == [1], "a stale commit changed the store.")
    hold(store.commit("s", {"readings": readings(2.0)}, key="b", expected=1).version == 2,
         "a key that was refused as stale cannot be used after reading again.")
    hold(store.commit("s", {"readings": readings(3.0)}, key="c", expected=None).version == 3,
         "a commit that expects nothing was not taken.")


class Torn(Exception):
    """What goes wrong in the middle of a commit."""


class TornTables(dict[str, pa.Table]):
    """Tables of which the last cannot be had."""

    def items(self) -> Iterator[tuple[str, pa.Table]]:  # type: ignore[override]
        """All but the last."""
        yield from list(super().items())[:-1]
        raise Torn

    def __getitem__(self, name: str) -> pa.Table:
        if name == list(self)[-1]:
            raise Torn
        return super().__getitem__(name)


@promise
def all_tables_or_none(open_store: Open) -> None:
    """A commit that fails midway leaves no trace, whether its author fails or its last table has other columns."""
    store = open_store()
    store.commit("s", {"b": readings(1.0)}, key="a", expected=0)
    other = pa.table({"kwh": ["text"]})
    for tables, wrong in ((TornTables(a=readings(2.0), b=readings(2.0)), Torn),
                          ({"a": readings(2.0), "b": other}, ValueError),
                          ({"a": readings(2.0), "b": other.slice(0, 0)}, ValueError)):
        try:
            store.commit("s", tables, key="b", expected=1)
        except wrong:
            pass
        else:
            raise ContractBroken("a table was taken with other columns than it had before.")
        hold(store.version("s") == 1 and open_store().read("a") is None, "a commit that failed left something behind.")
    hold(numbers(store, table="b") == [1], "a commit that failed changed another table.")
    hold(store.commit("s", {"a": other}, key="b", expected=1).version == 2,
         "after a commit that failed its key, its version or its table cannot be used.")


def write_until_won(store: Store, writer: int, wins: int) -> list[int]:
    """Commit to one stream, reading again whenever somebody else was first; the versions that this writer made."""
    made: list[int] = []
    while len(made) < wins:
        seen = store.version("s")
        try:
            commit = store.commit("s", {"readings": readings(float(seen), point=str(writer))},
                                  key=f"{writer} {len(made)}", expected=seen)
        except StaleVersion:
            continue
        made.append(commit.version)
    return made


def each_version_has_one_winner(store: Store, made: list[list[int]]) -> None:
    """Check what several writers of `write_until_won` say they made against what the store holds."""
    versions = sorted(version for each in made for version in each)
    hold(versions == list(range(1, len(versions) + 1)), f"several writers made the versions {versions}.")
    hold(store.version("s") == len(versions), f"{len(versions)} commits came to version {store.version('s')}.")
    hold(numbers(store) == list(range(len(versions))), "rows stand in another order than their commits.")
    found = store.read("readings", stream="s")
    points = [] if found is None else found.column("point_id").to_pylist()
    for writer, each in enumerate(made):
        hold([version for version, point in enumerate(points, 1) if point == str(writer)] == each,
             f"the rows of writer {writer} are not in the versions that it won.")


@promise
def two_threads_take_turns(open_store: Open) -> None:
    """Two threads that share a store, and a third with its own: for each version exactly one wins."""
    shared = open_store()
    made: list[list[int]] = [[], [], []]

    def write(writer: int, store: Store) -> None:
        made[writer] = write_until_won(store, writer, 20)

    threads = [Thread(target=write, args=pair) for pair in ((0, shared), (1, shared), (2, open_store()))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    each_version_has_one_winner(shared, made)


CHECKS = (an_empty_store_is_empty, rows_come_back_as_they_went_in, order_is_the_order_of_commits, a_key_counts_once,
          a_key_is_not_used_for_other_rows, a_stale_version_is_refused, all_tables_or_none, two_threads_take_turns)
"""What every store must do."""

PROCESSES = get_context("spawn")
ROWS = 20_000
"""So many that a commit takes long enough to be killed in its midst."""


def report_wins(open_store: Open, writer: int, wins: int, told: Connection) -> None:
    """In a process of its own: `write_until_won`, then tell the versions."""
    told.send(write_until_won(open_store(), writer, wins))


@promise
def two_processes_take_turns(open_store: Open) -> None:
    """Two processes that open the new store in the same moment: for each version exactly one wins."""
    writers = []
    for writer in range(2):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=report_wins, args=(open_store, writer, 40, theirs))
        process.start()
        theirs.close()
        writers.append((process, ours))
    made = []
    for process, ours in writers:
        made.append(ours.recv() if ours.poll(120) else [])
        process.join()
    each_version_has_one_winner(open_store(), made)


def deed(number: int) -> dict[str, pa.Table]:
    """The tables of one numbered commit: many rows, and their sum beside them."""
    many = readings(*([float(number)] * ROWS), point=f"p{number}")
    return {"readings": many, "sums": readings(float(number * ROWS)), "tail": many}


def commit_until_killed(open_store: Open, told: Connection) -> None:
    """In a process of its own: commit one deed after the other, telling each version once it is acknowledged."""
    store = open_store()
    while True:
        version = store.version("s")
        told.send(store.commit("s", deed(version), key=f"k{version}", expected=version).version)


@promise
def a_killed_writer_loses_nothing(open_store: Open) -> None:
    """A process is killed again and again while it commits: what it was told is kept is there, whole; no half is."""
    acknowledged = 0
    for killing in range(6):
        ours, theirs = PROCESSES.Pipe(duplex=False)
        process = PROCESSES.Process(target=commit_until_killed, args=(open_store, theirs))
        process.start()
        theirs.close()
        hold(ours.poll(120), "a process that opens the store after another was killed does not come to commit.")
        acknowledged = ours.recv()
        process.join(timeout=0.011 * killing)  # some way into one of the next commits
        process.kill()
        process.join()
        acknowledged = max([acknowledged, *heard(ours)])
        store = open_store()
        whole(store, acknowledged)
        acknowledged = store.version("s")
        again = store.commit("s", deed(acknowledged - 1), key=f"k{acknowledged - 1}", expected=acknowledged - 1)
        hold(again.repeated, "what a killed process had committed is not known by its key.")


def heard(told: Connection) -> Iterator[int]:
    """What a killed process had said before."""
    try:
        while True:
            yield told.recv()
    except (EOFError, OSError):
        return


def whole(store: Store, acknowledged: int) -> None:
    """Check that the store holds all acknowledged deeds, at most one more, and each with all its rows."""
    version = store.version("s")
    hold(acknowledged <= version <= acknowledged + 1,
         f"{acknowledged} commits were acknowledged before the kill, {version} are there after it.")
    for table, rows in {"readings": ROWS, "sums": 1, "tail": ROWS}.items():
        found = numbers(store, table=table)
        hold(len(found) == version * rows, f"{version} commits of {rows} rows left {len(found)} in {table!r}.")
        hold(all(one <= other for one, other in pairwise(found)), f"table {table!r} holds rows out of order.")
    last = numbers(store, since=version - 1)
    hold(sum(last) == numbers(store, table="sums")[-1], "the last commit has other rows than their sum says.")


DURABLE_CHECKS = (two_processes_take_turns, a_killed_writer_loses_nothing)
"""What a store must do besides when it outlives its process."""
