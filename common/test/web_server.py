"""A web server on loopback that answers as it is told, well or badly."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer: `length` may lie; `pieces` are sent in chunks instead of a body with a length, `pause` between."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    pieces: tuple[bytes, ...] | None = None
    pause: float = 0
    silence: float = 0  # before anything is said
    ends: bool = True  # a chunked body's last chunk is sent
    reason: str | None = None  # the usual words


class Site:
    """What is told to answer, by path (the last reply repeats), and what was asked."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.address = ""
        self.closing = threading.Event()

    def answer(self, path: str, *replies: Reply | bytes) -> str:
        """Let a path answer; returns its address."""
        self.replies[path] = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        return f"{self.address}{path}"

    def next(self, path: str) -> Reply:
        """Return what a path says now."""
        replies = self.replies.get(path) or [Reply(b'{"message":"Not Found"}', 404)]
        return replies.pop(0) if len(replies) > 1 else replies[0]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        self.site.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        reply = self.site.next(self.path.partition("?")[0])
        if reply.silence and self.site.closing.wait(reply.silence):
            return
        with suppress(ConnectionError):  # whoever asked may have gone
            self._head(reply)
            self._send(reply)

    def _head(self, reply: Reply) -> None:
        self.send_response(reply.status, reply.reason)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.pieces is None:
            self.send_header("Content-Length", str(len(reply.body) if reply.length is None else reply.length))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _send(self, reply: Reply) -> None:
        self.wfile.write(reply.body)
        for piece in reply.pieces or ():
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.flush()
            if reply.pause and self.site.closing.wait(reply.pause):
                return
        if reply.pieces is not None and reply.ends:
            self.wfile.write(b"0\r\n\r\n")
        if reply.length is not None or not reply.ends:
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def site(context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Site]:
    """Serve while the body runs."""
    told = Site()
    handler = type("Handler", (_Handler,), {"site": told})
    with ThreadingHTTPServer((host, 0), handler) as server:
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        told.address = f"{'https' if context else 'http'}://{host}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield told
        finally:
            told.closing.set()
            server.shutdown()


def drip(text: bytes, seconds: float) -> Reply:
    """Return an answer that comes a byte at a time."""
    return Reply(pieces=tuple(text[place : place + 1] for place in range(len(text))), pause=seconds)
