"""Both stores keep what the port promises, and a store that breaks a promise is found out."""

from functools import cache, partial
from pathlib import Path

import pytest

from gridrider.adapters.store_memory.store import MemoryStore
from gridrider.adapters.store_sqlite.store import SqliteStore
from gridrider.app.store_contract import (
    CHECKS,
    DURABLE_CHECKS,
    ContractBroken,
    a_killed_writer_loses_nothing,
    each_version_has_one_winner,
    write_until_won,
)
from tests.adapters.store.broken import BROKEN_IN_MEMORY, SpeaksTooSoon, WithoutTransaction


@pytest.mark.parametrize("check", CHECKS)
def test_the_memory_store_keeps_the_contract(check) -> None:
    store = MemoryStore()
    check(lambda: store)


@pytest.mark.parametrize("check", CHECKS + DURABLE_CHECKS)
def test_the_sqlite_store_keeps_the_contract(check, tmp_path: Path) -> None:
    check(partial(SqliteStore, tmp_path / "store.sqlite"))


@pytest.mark.parametrize("broken", BROKEN_IN_MEMORY)
def test_a_store_that_breaks_a_promise_is_found_out(broken: type[MemoryStore]) -> None:
    found = []
    for check in CHECKS[:-1]:  # the last one runs threads until they have won, which some of these never do
        try:
            check(cache(broken))
        except ContractBroken as sentence:
            found.append(str(sentence))
    assert found


@pytest.mark.parametrize("broken", [WithoutTransaction, SpeaksTooSoon])
def test_a_store_that_a_kill_would_tear_is_found_out(broken: type[SqliteStore], tmp_path: Path) -> None:
    with pytest.raises(ContractBroken):
        a_killed_writer_loses_nothing(partial(broken, tmp_path / "store.sqlite"))


def test_writers_that_lose_a_version_are_found_out() -> None:
    store = MemoryStore()
    first, second = write_until_won(store, 0, 3), write_until_won(store, 1, 2)
    each_version_has_one_winner(store, [first, second])
    for made in ([first, [4]], [first, [4, 6]], [[1, 2, 4], [3, 5]], [first, [4, 4]]):
        with pytest.raises(ContractBroken):
            each_version_has_one_winner(store, made)
