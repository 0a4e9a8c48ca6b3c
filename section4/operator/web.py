"""HTTP requests to sources: streamed responses with limits on size and time."""

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
from section4.core.record import IncompleteResponse, NotFound, SourceError

USER_AGENT = "covid-ingestion/1 (a daily job; python-requests)"
RETRY_STATUSES = (429, 500, 502, 503, 504)
CHUNK = 1 << 16
MAX_REASON = 100
MAX_WAIT = 120.0  # seconds; a server that asks for a longer pause is not retried in this run
_VALIDATORS = ("ETag", "Last-Modified")


class Validators(NamedTuple):
    """Headers of a response; sent back, they let the server respond 304 if nothing has changed."""

    etag: str | None
    last_modified: str | None

    def headers(self) -> dict[str, str]:
        """Return the headers of a conditional request."""
        conditions = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in conditions.items() if value}


class Web:
    """One HTTP session with a source; collects the validators of the responses that were read completely."""

    def __init__(self, source: str, settings: WebSettings) -> None:
        self._validators: dict[str, Validators] = {}
        self._source, self._settings = source, settings
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        retry = _Retry(
            total=settings.retries,
            status_forcelist=RETRY_STATUSES,
            allowed_methods=["GET"],
            backoff_factor=0.5,
            backoff_jitter=0.5,
            backoff_max=MAX_WAIT / 2,
            raise_on_status=False,
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=retry))

    def validators(self) -> dict[str, Validators]:
        """Return the validators by address; empty if any response had none."""
        return self._validators if all(map(any, self._validators.values())) else {}

    def unchanged(self, known: Mapping[str, Validators]) -> bool:
        """Return whether the server reports all these addresses as not modified. Raises: SourceError."""
        return bool(known) and all(self._status(address, validators) == 304 for address, validators in known.items())

    def _status(self, address: str, validators: Validators) -> int:
        with self._response(address, validators.headers()) as response:
            return response.status_code

    @contextmanager
    def get(self, address: str) -> Iterator[io.BufferedReader]:
        """Yield the body of a response as a stream. Raises: SourceError."""
        with self._response(address, {}) as response:
            if response.status_code != 200:
                problem = f"HTTP {response.status_code} {response.reason[:MAX_REASON]}"
                raise (NotFound if response.status_code == 404 else SourceError)(self._source, problem)
            yield io.BufferedReader(_Body(self._source, response.raw, self._settings), CHUNK)
            self._validators[address] = Validators(*(_storable(response.headers.get(name)) for name in _VALIDATORS))

    @contextmanager
    def _response(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        timeout = (self._settings.connect_seconds, self._settings.read_seconds)
        try:
            response = self._session.get(address, headers=headers, stream=True, timeout=timeout)
        except _WaitTooLong as error:
            raise SourceError(self._source, f"the server asks to wait {error.seconds:.0f} s or more") from None
        except (requests.RequestException, ValueError) as error:  # ValueError: an invalid address in a redirect
            raise SourceError(self._source, _problem(error)) from None
        with response:
            hops = [*response.history, response]
            if address.startswith("https:") and not all(hop.url.startswith("https:") for hop in hops):
                raise SourceError(self._source, "redirected from https to an address without it")
            yield response


class _WaitTooLong(Exception):
    """The server asks for a pause that is longer than allowed."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class _Retry(Retry):
    """Retries, except when the server asks for a long pause."""

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the requested pause in seconds, None if it cannot be read. Raises: _WaitTooLong."""
        try:
            seconds = super().get_retry_after(response)
        except ValueError:  # a year beyond 9999, or 5,000 digits
            return None
        if seconds is not None and seconds > MAX_WAIT:
            raise _WaitTooLong(seconds)
        return seconds


class _Body(io.RawIOBase):
    """The decompressed body of a response, up to the allowed size and time."""

    def __init__(self, source: str, body: BaseHTTPResponse, settings: WebSettings) -> None:
        self._source, self._body, self._pending = source, body, memoryview(b"")
        self._bytes_left = settings.largest_mb * 1_000_000
        self._deadline = time.monotonic() + settings.total_seconds

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # the buffer of a BufferedReader
        """Fill the buffer. Raises: SourceError."""
        if not self._pending:
            self._pending = memoryview(self._chunk())
        count = min(len(buffer), len(self._pending))
        buffer[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def _chunk(self) -> bytes:
        """Return the bytes that have arrived, at least one, so that a slow server cannot delay the deadline check."""
        if time.monotonic() > self._deadline:
            raise SourceError(self._source, "the response took longer than web.total_seconds")
        try:
            chunk = self._body.read1(CHUNK, decode_content=True)
        except HTTPError as error:
            raise IncompleteResponse(self._source, _problem(error)) from None
        self._bytes_left -= len(chunk)
        if self._bytes_left < 0:
            raise SourceError(self._source, "the response is larger than web.largest_mb")
        return chunk


def _storable(header: str | None) -> str | None:
    """Return the header if it is printable ASCII, so that it can be stored and sent back, else None."""
    return header if header and header.isascii() and header.isprintable() else None


_PROBLEMS = {
    "SSLError": "the certificate is not trusted",
    "ConnectTimeoutError": "the connection timed out",
    "ReadTimeoutError": "the server stopped responding (web.read_seconds)",
    "NameResolutionError": "the host name cannot be resolved",
    "DecodeError": "the response cannot be decompressed",
    "IncompleteRead": "the response is incomplete",
    "ProtocolError": "the connection was closed",
    "NewConnectionError": "cannot connect",
    "TooManyRedirects": "too many redirects",
}


def _problem(error: BaseException) -> str:
    """Return the innermost known cause as text, without the address, because its query may contain a key."""
    chain: list[BaseException] = [error]
    while inner := next((part for part in _causes(chain[-1]) if isinstance(part, Exception)), None):
        chain.append(inner)
    names = [type(part).__name__ for part in reversed(chain)]
    return next((_PROBLEMS[name] for name in names if name in _PROBLEMS), f"the request failed ({names[-1]})")


def _causes(error: BaseException) -> list[object]:
    return [getattr(error, "reason", None), *error.args]
