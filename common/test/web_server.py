"""A web server on loopback with configurable, also faulty, responses."""

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One response. `length` may be wrong; `pieces` are sent as chunks, with a pause in between."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    length: int | None = None
    pieces: tuple[bytes, ...] | None = None
    pause: float = 0
    silence: float = 0  # seconds before the response
    ends: bool = True  # whether the last chunk is sent
    reason: str | None = None  # None: the standard one


class Site:
    """The responses by path (the last one repeats), and the requests that arrived."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.address = ""
        self.closing = threading.Event()

    def answer(self, path: str, *replies: Reply | bytes) -> str:
        """Set the responses of a path and return its address."""
        self.replies[path] = [reply if isinstance(reply, Reply) else Reply(reply) for reply in replies]
        return f"{self.address}{path}"

    def next(self, path: str) -> Reply:
        """Return the next response of a path."""
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
        with suppress(ConnectionError):  # the client may have closed the connection
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
    served = Site()
    handler = type("Handler", (_Handler,), {"site": served})
    with ThreadingHTTPServer((host, 0), handler) as server:
        server.daemon_threads = True
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        served.address = f"{'https' if context else 'http'}://{host}:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            served.closing.set()
            server.shutdown()


def drip(text: bytes, seconds: float) -> Reply:
    """Return a response that is sent byte by byte."""
    return Reply(pieces=tuple(text[index : index + 1] for index in range(len(text))), pause=seconds)
