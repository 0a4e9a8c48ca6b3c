"""Answers of web servers, as streams that are neither longer nor slower than allowed."""

import io
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import HTTPError

from section4.config import WebSettings
from section4.core.record import BrokenOff, NotThere, SourceBroken

AGENT = "covid-ingestion/1 (a daily job; python-requests)"
PASSING = (429, 500, 502, 503, 504)
PIECE = 1 << 16
LONGEST_REASON = 100
_VALIDATORS = ("ETag", "Last-Modified")
LONGEST_WAIT = 120.0  # seconds; a server that asks for more is left alone until tomorrow


class Validators(NamedTuple):
    """What a server said of an answer, by which it can tell whether that still holds."""

    etag: str | None
    last_modified: str | None

    def headers(self) -> dict[str, str]:
        """Ask for an answer only if it is another one."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in named.items() if value}


class Web:
    """One session for all that is asked of a source; remembers by what the answers that it read can be known again."""

    def __init__(self, source: str, settings: WebSettings) -> None:
        self._known_by: dict[str, Validators] = {}
        self._source, self._settings = source, settings
        self._session = requests.Session()
        self._session.headers["User-Agent"] = AGENT
        retry = _Patience(
            total=settings.retries,
            status_forcelist=PASSING,
            allowed_methods=["GET"],
            backoff_factor=0.5,
            backoff_jitter=0.5,
            backoff_max=LONGEST_WAIT / 2,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def validators(self) -> dict[str, Validators]:
        """Return by what all answers can be known again; nothing, if one of them cannot."""
        return self._known_by if all(map(any, self._known_by.values())) else {}

    def unchanged(self, known: Mapping[str, Validators]) -> bool:
        """Return whether the server says of all these addresses that what it sent still holds. Raises: SourceBroken."""
        return bool(known) and all(self._status(address, said) == 304 for address, said in known.items())

    def _status(self, address: str, said: Validators) -> int:
        with self._asked(address, said.headers()) as answer:
            return answer.status_code

    @contextmanager
    def get(self, address: str) -> Iterator[io.BufferedReader]:
        """Give the body of an answer as it comes. Raises: SourceBroken."""
        with self._asked(address, {}) as answer:
            if answer.status_code == 404:
                raise NotThere(self._source, f"answered 404 {answer.reason[:LONGEST_REASON]}")
            if answer.status_code != 200:
                raise SourceBroken(self._source, f"answered {answer.status_code} {answer.reason[:LONGEST_REASON]}")
            yield io.BufferedReader(_Body(self._source, answer.raw, self._settings), PIECE)
            self._known_by[address] = Validators(*(_kept(answer.headers.get(name)) for name in _VALIDATORS))

    @contextmanager
    def _asked(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        patience = (self._settings.connect_seconds, self._settings.read_seconds)
        try:
            answer = self._session.get(address, headers=headers, stream=True, timeout=patience)
        except _AsksToWait as asks:
            raise SourceBroken(self._source, f"asks to be left alone for {asks.seconds:.0f} s or more") from None
        except (requests.RequestException, ValueError) as error:  # the latter of an address that it is sent to
            raise SourceBroken(self._source, _why(error)) from None
        with answer:
            if address.startswith("https:") and not all(
                hop.url.startswith("https:") for hop in [*answer.history, answer]
            ):
                raise SourceBroken(self._source, "sends from https to an address that is not")
            yield answer


class _AsksToWait(Exception):
    """A server asks for more patience than there is."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Patience(Retry):
    """Retries, but not with a server that asks for a long pause."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds that the server asks for, None where that are too many to read. Raises: _AsksToWait."""
        try:
            seconds = super().get_retry_after(response)
        except ValueError:  # of a year that no calendar has, or of 5,000 digits
            return None
        if seconds is not None and seconds > LONGEST_WAIT:
            raise _AsksToWait(seconds)
        return seconds


class _Body(io.RawIOBase):
    """An answer's body, unpacked, up to the size and the time that are allowed."""

    def __init__(self, source: str, body: BaseHTTPResponse, settings: WebSettings) -> None:
        self._source, self._body, self._rest = source, body, memoryview(b"")
        self._left = settings.largest_mb * 1_000_000
        self._deadline = time.monotonic() + settings.total_seconds

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the buffer of a BufferedReader
        """Fill the buffer with what has come. Raises: SourceBroken."""
        if not self._rest:
            self._rest = memoryview(self._piece())
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count

    def _piece(self) -> bytes:
        """Return what has come, as soon as anything has: one who drips does not hold us up beyond the deadline."""
        if time.monotonic() > self._deadline:
            raise SourceBroken(self._source, "takes longer than it may (web.total_seconds)")
        try:
            piece = self._body.read1(PIECE, decode_content=True)
        except HTTPError as error:
            raise BrokenOff(self._source, _why(error)) from None
        self._left -= len(piece)
        if self._left < 0:
            raise SourceBroken(self._source, "sends more than it may (web.largest_mb)")
        return piece


def _kept(header: str | None) -> str | None:
    """Return a header that can be written down and sent back; one that cannot is as good as none."""
    return header if header and header.isascii() and header.isprintable() else None


_REASONS = {
    "SSLError": "its certificate is not trusted",
    "ConnectTimeoutError": "does not answer (no connection)",
    "ReadTimeoutError": "fell silent",
    "NameResolutionError": "its host has no address",
    "DecodeError": "sends what cannot be unpacked",
    "IncompleteRead": "broke off in the middle",
    "ProtocolError": "broke the connection off",
    "NewConnectionError": "cannot be reached",
    "TooManyRedirects": "sends from one address to another and on",
}


def _why(error: BaseException) -> str:
    """Say what went wrong, the innermost reason that has a name, without the address: its query may hold a key."""
    chain: list[BaseException] = [error]
    while inner := next((part for part in (*_reason(chain[-1]), *chain[-1].args) if isinstance(part, Exception)), None):
        chain.append(inner)
    names = [type(part).__name__ for part in reversed(chain)]
    return next((_REASONS[name] for name in names if name in _REASONS), f"cannot be asked ({names[-1]})")


def _reason(error: BaseException) -> list[object]:
    return [getattr(error, "reason", None)]
