"""Read ahead: the next block is made ready while the present one is worked on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def ahead(items: Iterator[Item], threads: int) -> Iterator[Item]:
    """The same items in the same order, the next one prepared by a second thread while one is used.

    With one thread nothing is read ahead. An exception of `items` is raised in its turn.
    """
    if threads < 2:
        yield from items
        return
    end = object()
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item  # type: ignore[misc]
