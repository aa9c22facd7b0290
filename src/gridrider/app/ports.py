"""What a use case asks of the world: a clock, a store, devices and a voice. Whoever answers, the use case cannot tell.

Ports are set-shaped: they take and give Arrow tables with the columns of one declared schema, never one row at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class StaleVersion(Exception):
    """Somebody else committed to the stream first; read again and decide again. Nothing was written."""


class KeyReused(Exception):
    """The idempotency key was used before for other rows. Nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit came to."""

    version: int
    """The stream's version after it."""
    repeated: bool
    """True when the key was committed before with the same rows: nothing changed, and this is not a failure."""


class Store(Protocol):
    """Keeps what happened, in streams that only grow.

    A stream is one story: an event, the devices' telemetry, the alerts. All tables of a commit are kept or none is.
    """

    def version(self, stream: str) -> int:
        """How many commits the stream has seen; 0 = it does not exist yet."""
        ...

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        """Append rows to tables of a stream, all or nothing.

        `key` names the deed: the same key with the same rows is a repetition and changes nothing, with other rows it
        raises KeyReused. `expected` is the version that the caller has seen (None = whatever it is); raises
        StaleVersion when it is no longer that one.
        """
        ...

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        """The rows of a table in the order in which they were committed; None when there is none.

        `stream` None = of all streams; `since` leaves out the commits up to that version of the stream.
        """
        ...

    def streams(self) -> Sequence[str]:
        """The names of all streams, sorted."""
        ...


class Devices(Protocol):
    """The way to the devices and back: a gateway, an aggregator's cloud, or a simulation."""

    def send(self, instructions: pa.Table) -> pa.Table:
        """Send rows of INSTRUCTIONS; gives rows of ANSWERS for what was acknowledged at once. Sending twice is once."""
        ...

    def answers(self) -> pa.Table:
        """Rows of ANSWERS that came in since they were asked for last."""
        ...

    def telemetry(self) -> pa.Table:
        """Rows of TELEMETRY that came in since they were asked for last."""
        ...


class Voice(Protocol):
    """Tells participants what concerns them."""

    def tell(self, notices: pa.Table) -> None:
        """Hand rows of NOTICES on, each once."""
        ...


class AlertFeed(Protocol):
    """A source of alerts that is polled."""

    def poll(self, now: datetime) -> bytes | None:
        """What the source shows now, as it came; None = it has not changed. Raises FeedLost when it cannot be had."""
        ...


class FeedLost(Exception):
    """The alert feed could not be read."""
