"""One question to a web address: conditional, with time limits, bounded retries and a bound on the answer's size."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType

import httpx

from ...app.ports import AlertFeed, FeedLost

PASSING = frozenset({429, 500, 502, 503, 504})
"""Answers that a second question may better (RFC 9110, RFC 6585)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """How often, how long and how much."""

    attempts_max: int = 4
    timeout_s: float = 10.0
    """For connecting, and for each piece of the answer."""
    answer_s_max: float = 60.0
    """For all pieces of one answer; who sends a byte now and then is cut off."""
    wait_s: float = 1.0
    """Before the second question; doubled each time, and shortened at random by up to a half."""
    wait_s_max: float = 30.0
    """A server that wants a longer pause (Retry-After) is asked again at the next poll, not in this one."""
    bytes_max: int = 32 * 1024**2
    """Of an answer when unpacked. All alerts of the United States are below 8 MB."""


class _Gone(Exception):
    """This attempt failed, and how; `passing` if another may help, after the pause that the server asks for."""

    def __init__(self, reason: str, *, passing: bool, pause_s: float | None = None) -> None:
        super().__init__(reason)
        self.passing, self.pause_s = passing, pause_s


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """The last answer of an address and what tells it apart."""

    body: bytes
    headers: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Poller:
    """Fetches addresses; remembers each one's last answer, so that `304 Not Modified` costs nothing.

    An address that has not changed gives its answer again, so that who could not read it finds that out again. `sleep`
    and `chance` are given so that a test neither waits nor depends on chance.
    """

    user_agent: str
    """Who asks, with an address to write to; weather.gov refuses strangers."""
    politeness: Politeness = Politeness()
    sleep: Callable[[float], None] = time.sleep
    chance: random.Random = field(default_factory=random.Random)
    _client: httpx.Client = field(init=False)
    _kept: dict[str, _Kept] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not self.user_agent.strip():
            raise ValueError("user_agent is blank; say who asks and where to write to")
        self._client = httpx.Client(timeout=self.politeness.timeout_s, follow_redirects=False, headers={
            "User-Agent": self.user_agent, "Accept": "application/geo+json, application/json"})

    def __enter__(self) -> Poller:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._client.close()

    def open(self, url: str) -> AlertFeed:
        """The address as a feed."""
        return _Address(poller=self, url=url)

    def fetch(self, url: str) -> bytes:
        """What an address shows now, asked again where that may help; raises FeedLost when it cannot be had."""
        attempt = 0
        while True:
            try:
                return self._ask(url)
            except _Gone as gone:
                attempt += 1
                pause_s = self._pause_s(attempt) if gone.pause_s is None else gone.pause_s
                if not gone.passing or attempt >= self.politeness.attempts_max or pause_s > self.politeness.wait_s_max:
                    raise FeedLost(f"{gone}, asked {attempt} times") from gone
                self.sleep(pause_s)

    def _pause_s(self, attempt: int) -> float:
        doubled_s = self.politeness.wait_s * 2.0 ** (attempt - 1)
        return min(doubled_s, self.politeness.wait_s_max) * self.chance.uniform(0.5, 1.0)

    def _ask(self, url: str) -> bytes:
        kept = self._kept.get(url)
        try:
            with self._client.stream("GET", url, headers=kept.headers if kept else {}) as response:
                if response.status_code == 304 and kept:
                    return kept.body
                if response.status_code != 200:
                    raise _Gone(f"answered {response.status_code}", passing=response.status_code in PASSING,
                                pause_s=_retry_after_s(response.headers.get("Retry-After", "")))
                body = self._read(response)
                self._keep(url, body, response.headers)
                return body
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as mistake:
            raise _Gone(f"is no web address ({mistake})", passing=False) from mistake
        except httpx.HTTPError as mistake:
            raise _Gone(f"gave no answer ({type(mistake).__name__}: {mistake})", passing=True) from mistake

    def _read(self, response: httpx.Response) -> bytes:
        chunks, size, begun = [], 0, time.monotonic()
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self.politeness.bytes_max:
                raise _Gone(f"answered more than {self.politeness.bytes_max} bytes", passing=False)
            if time.monotonic() - begun > self.politeness.answer_s_max:
                raise _Gone(f"was still answering after {self.politeness.answer_s_max:g} s", passing=True)
            chunks.append(chunk)
        return b"".join(chunks)

    def _keep(self, url: str, body: bytes, headers: httpx.Headers) -> None:
        asked_with = {"If-None-Match": headers.get("ETag", ""), "If-Modified-Since": headers.get("Last-Modified", "")}
        asked_with = {name: told for name, told in asked_with.items() if told}
        self._kept.pop(url, None)
        if asked_with:
            self._kept[url] = _Kept(body=body, headers=asked_with)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Address:
    """One address of a poller, as the port AlertFeed."""

    poller: Poller
    url: str

    def poll(self, now: datetime) -> bytes | None:
        """What it shows now; `now` does not matter to it."""
        return self.poller.fetch(self.url)


def _retry_after_s(text: str) -> float | None:
    """The pause that Retry-After asks for: seconds or a date (RFC 9110, 10.2.3); None = it asks for none. [s]"""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
