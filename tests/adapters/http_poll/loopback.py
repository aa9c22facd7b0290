"""A web server on 127.0.0.1 that answers as it is told and remembers how it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hang: bool = False
    """Answers nothing until the server closes."""


Script = Callable[[str, dict[str, str]], Reply]
"""From path and headers (names in lower case) to the answer."""


@dataclass(slots=True)
class Loopback:
    """A running server; set `script` to change what it answers."""

    base_url: str
    script: Script
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


def in_turn(*replies: Reply) -> Script:
    """Each reply once, the last one for ever."""
    left = list(replies)
    return lambda path, headers: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def loopback(script: Script) -> Iterator[Loopback]:
    """A server that lives as long as the block."""
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name.lower(): text for name, text in self.headers.items()}
            served.asked.append((self.path, headers))
            reply = served.script(self.path, headers)
            if reply.hang:
                served.closing.wait(10)
                return
            self.send_response(reply.status)
            for name, text in reply.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Nothing: the client left."""

    server = Server(("127.0.0.1", 0), Handler)
    served = Loopback(f"http://127.0.0.1:{server.server_address[1]}", script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
