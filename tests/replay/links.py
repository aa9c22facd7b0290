"""Ways to the devices that fail: reports changed on their way, instructions held back, a store that is away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from gridrider.app.operate.rows import empty
from gridrider.app.ports import Commit, Devices, Store
from gridrider.dispatch.model import ANSWERS

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Altered:
    """Devices some of whose reports say something else than is so."""

    devices: Devices
    homes: Sequence[str]
    change: Callable[[Row], Row]

    def send(self, instructions: pa.Table) -> pa.Table:
        """As it is."""
        return self.devices.send(instructions)

    def answers(self) -> pa.Table:
        """As they are."""
        return self.devices.answers()

    def telemetry(self) -> pa.Table:
        """The reports, those of the homes changed."""
        held = self.devices.telemetry()
        rows = [self.change(row) if row["enrollment_id"] in self.homes else row for row in held.to_pylist()]
        return pa.Table.from_pylist(rows, schema=held.schema)


@dataclass(slots=True, kw_only=True)
class HeldBack:
    """A link that takes instructions and hands them on when it is told to; reports come through."""

    devices: Devices
    waiting: list[pa.Table] = field(default_factory=list)

    def send(self, instructions: pa.Table) -> pa.Table:
        """Nobody answers."""
        self.waiting.append(instructions)
        return empty(ANSWERS)

    def answers(self) -> pa.Table:
        """None."""
        return empty(ANSWERS)

    def telemetry(self) -> pa.Table:
        """As it is."""
        return self.devices.telemetry()


@dataclass(slots=True, kw_only=True)
class Twice:
    """A link that sends everything twice, and all of it again with the next message."""

    devices: Devices
    sent: list[pa.Table] = field(default_factory=list)

    def send(self, instructions: pa.Table) -> pa.Table:
        """The older ones again, then this one, twice."""
        self.sent.append(instructions)
        for older in self.sent:
            self.devices.send(older)
        return self.devices.send(instructions)

    def answers(self) -> pa.Table:
        """As they are."""
        return self.devices.answers()

    def telemetry(self) -> pa.Table:
        """Each report twice, the second time in another order."""
        held = self.devices.telemetry()
        return pa.concat_tables([held, held.take(pc.sort_indices(held, [("reported_at", "descending")]))])


@dataclass(slots=True, kw_only=True)
class AwayStore:
    """A store that cannot be reached while `away`."""

    store: Store
    away: bool = False

    def version(self, stream: str) -> int:
        """As it is."""
        return self.store.version(stream)

    def commit(self, stream: str, tables: Mapping[str, pa.Table], *, key: str, expected: int | None) -> Commit:
        """Raises OSError while it is away."""
        if self.away:
            raise OSError("the disk is gone")
        return self.store.commit(stream, tables, key=key, expected=expected)

    def read(self, table: str, *, stream: str | None = None, since: int = 0) -> pa.Table | None:
        """As it is."""
        return self.store.read(table, stream=stream, since=since)

    def streams(self) -> Sequence[str]:
        """As they are."""
        return self.store.streams()
