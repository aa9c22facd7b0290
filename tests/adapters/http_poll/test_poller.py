"""Asking politely: what is sent, what is tried again, and what is cut off; against a real server on the loopback."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from gridrider.adapters.http_poll import Politeness, Poller
from gridrider.app.ports import FeedLost
from tests.adapters.http_poll.loopback import Loopback, Reply, in_turn, loopback

WHO = "gridrider tests (nobody@example.org)"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """A server; proxies of the environment are not for it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with loopback(in_turn(Reply(body=b"fine"))) as running:
        yield running


class Asking:
    """A poller that notes its pauses instead of making them."""

    def __init__(self, **bounds: float) -> None:
        self.pauses: list[float] = []
        settings = {"timeout_s": 5.0, **bounds}
        self.poller = Poller(user_agent=WHO, sleep=self.pauses.append, chance=random.Random(1),
                             politeness=Politeness(**settings))  # type: ignore[arg-type]


def test_it_says_who_asks(served: Loopback) -> None:
    with Asking().poller as poller:
        assert poller.open(served.base_url + "/x?a=1").poll(datetime.now(UTC)) == b"fine"
    ((path, headers),) = served.asked
    assert (path, headers["user-agent"]) == ("/x?a=1", WHO)
    assert "if-none-match" not in headers and "if-modified-since" not in headers


def test_nobody_asks_without_a_name() -> None:
    with pytest.raises(ValueError, match="user_agent is blank"):
        Poller(user_agent=" ")


def test_the_second_question_is_conditional_and_304_gives_the_answer_again(served: Loopback) -> None:
    told = {"ETag": '"one"', "Last-Modified": "Tue, 21 May 2024 19:34:13 GMT"}
    served.script = in_turn(Reply(body=b"first", headers=told), Reply(status=304), Reply(body=b"second"),
                            Reply(body=b"3"))
    with Asking().poller as poller:
        assert [poller.fetch(served.base_url) for _ in range(4)] == [b"first", b"first", b"second", b"3"]
    conditions = [(headers.get("if-none-match"), headers.get("if-modified-since")) for _, headers in served.asked]
    known = ('"one"', told["Last-Modified"])
    assert conditions == [(None, None), known, known, (None, None)]


def test_each_address_has_its_own_conditions(served: Loopback) -> None:
    served.script = lambda path, headers: Reply(body=path.encode(), headers={"ETag": f'"{path}"'})
    with Asking().poller as poller:
        for path in ("/a", "/b", "/a"):
            assert poller.fetch(served.base_url + path) == path.encode()
    assert [headers.get("if-none-match") for _, headers in served.asked] == [None, None, '"/a"']


def test_a_304_that_nobody_asked_for_is_no_answer(served: Loopback) -> None:
    served.script = in_turn(Reply(status=304))
    with Asking().poller as poller, pytest.raises(FeedLost, match="answered 304, asked 1 times"):
        poller.fetch(served.base_url)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again(status: int, served: Loopback) -> None:
    served.script = in_turn(Reply(status=status), Reply(status=status), Reply(body=b"at last"))
    asking = Asking()
    with asking.poller as poller:
        assert poller.fetch(served.base_url) == b"at last"
    first_s, second_s = asking.pauses
    assert 0.5 <= first_s <= 1.0 <= second_s <= 2.0


@pytest.mark.parametrize("status", [301, 400, 403, 404])
def test_what_stays_is_asked_once(status: int, served: Loopback) -> None:
    served.script = in_turn(Reply(status=status, headers={"Location": "/elsewhere"}))
    with Asking().poller as poller, pytest.raises(FeedLost, match=f"answered {status}, asked 1 times"):
        poller.fetch(served.base_url)
    assert len(served.asked) == 1


def test_it_gives_up_after_its_attempts(served: Loopback) -> None:
    served.script = in_turn(Reply(status=500))
    asking = Asking(attempts_max=3)
    with asking.poller as poller, pytest.raises(FeedLost, match="answered 500, asked 3 times"):
        poller.fetch(served.base_url)
    assert (len(served.asked), len(asking.pauses)) == (3, 2)


@pytest.mark.parametrize(("told", "pause_s"), [("7", 7.0), ("30", 30.0), ("soon", None)])
def test_it_waits_as_long_as_it_is_told(told: str, pause_s: float | None, served: Loopback) -> None:
    served.script = in_turn(Reply(status=429, headers={"Retry-After": told}), Reply(body=b"fine"))
    asking = Asking()
    with asking.poller as poller:
        assert poller.fetch(served.base_url) == b"fine"
    assert asking.pauses == [pause_s] if pause_s else asking.pauses[0] <= 1.0


def test_a_pause_may_be_told_as_a_date(served: Loopback) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    served.script = in_turn(Reply(status=503, headers={"Retry-After": until}), Reply(body=b"fine"))
    asking = Asking()
    with asking.poller as poller:
        assert poller.fetch(served.base_url) == b"fine"
    assert 5 < asking.pauses[0] <= 20


def test_a_longer_pause_is_left_to_the_next_poll(served: Loopback) -> None:
    served.script = in_turn(Reply(status=429, headers={"Retry-After": "31"}))
    asking = Asking()
    with asking.poller as poller, pytest.raises(FeedLost, match="answered 429"):
        poller.fetch(served.base_url)
    assert asking.pauses == []


def test_a_server_that_hangs_is_left(served: Loopback) -> None:
    served.script = in_turn(Reply(hang=True))
    with Asking(timeout_s=0.05, attempts_max=2).poller as poller, pytest.raises(FeedLost, match="ReadTimeout"):
        poller.fetch(served.base_url)
    assert len(served.asked) == 2


def test_a_server_that_is_not_there_is_said() -> None:
    with loopback(in_turn(Reply())) as gone:
        pass
    with Asking(attempts_max=1).poller as poller, pytest.raises(FeedLost, match="ConnectError"):
        poller.fetch(gone.base_url)


@pytest.mark.parametrize(("size", "fits"), [(1000, True), (1001, False)])
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_has_a_bound_also_when_it_is_packed(size: int, fits: bool, packed: bool, served: Loopback) -> None:
    body = b"x" * size
    served.script = in_turn(Reply(body=gzip.compress(body), headers={"Content-Encoding": "gzip"}) if packed
                            else Reply(body=body))
    with Asking(bytes_max=1000).poller as poller:
        if fits:
            assert poller.fetch(served.base_url) == body
        else:
            with pytest.raises(FeedLost, match="more than 1000 bytes"):
                poller.fetch(served.base_url)


def test_spoilt_packing_is_no_answer(served: Loopback) -> None:
    served.script = in_turn(Reply(body=b"no gzip", headers={"Content-Encoding": "gzip"}))
    with Asking(attempts_max=1).poller as poller, pytest.raises(FeedLost, match="DecodingError"):
        poller.fetch(served.base_url)


def test_who_answers_too_slowly_is_cut_off(served: Loopback) -> None:
    with Asking(answer_s_max=-1.0, attempts_max=1).poller as poller, pytest.raises(FeedLost, match="still answering"):
        poller.fetch(served.base_url)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "no address", "http://[::1/x"])
def test_what_is_no_address_is_said(url: str) -> None:
    with Asking().poller as poller, pytest.raises(FeedLost, match="is no web address"):
        poller.fetch(url)
