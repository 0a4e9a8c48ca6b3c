"""HTTP behaviour against a loopback server: retries, limits, redirects, compression, validators."""

import gc
import gzip
import ssl
import subprocess
import time
import warnings
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

import pytest

from common.test.web_server import Reply, Site, drip
from common.test.web_server import site as serve
from section4.core.record import IncompleteResponse, SourceError
from section4.operator.web import USER_AGENT, Validators, Web
from section4.test.support import EVERYTHING, WEB, owid, records, require_one_line

pytestmark = pytest.mark.integration

GOOD = owid(("Singapore", "2022-03-09", 3, 10, 1, 2))
ROWS = b"Singapore,2022-03-09,3,10,1,2,x\n"
GZIP, CHUNKED = {"Content-Encoding": "gzip"}, {"Transfer-Encoding": "chunked"}


def problem(site: Site, **settings: float) -> str:
    """Return the error of a request to the site, which must not quote the address."""
    with pytest.raises(SourceError) as caught:
        records(site, "owid", EVERYTHING, **settings)
    assert site.address not in str(caught.value)
    return require_one_line(caught.value, "owid")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_transient_status_is_retried(site: Site, status: int) -> None:
    site.answer("/owid.csv", Reply(status=status), GOOD)
    assert len(records(site, "owid")) == 1
    assert len(site.asked) == 2


@pytest.mark.parametrize("is_date", [False, True], ids=["seconds", "date"])
def test_retry_after_is_respected(site: Site, is_date: bool) -> None:
    started = time.monotonic()
    pause = formatdate(time.time() + 2, usegmt=True) if is_date else "1"
    site.answer("/owid.csv", Reply(status=429, headers={"Retry-After": pause}), GOOD)
    assert len(records(site, "owid")) == 1
    assert time.monotonic() - started >= 1


def test_long_retry_after_is_not_waited_for(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "86400"}))
    assert problem(site) == "the server asks to wait 21600 s or more"
    assert len(site.asked) == 1


def test_persistent_error_is_returned_after_all_retries(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=500))
    assert problem(site) == "HTTP 500 Internal Server Error"
    assert len(site.asked) == 1 + WEB.retries


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 410])
def test_other_status_is_not_retried(site: Site, status: int) -> None:
    site.answer("/owid.csv", Reply(b"" if status == 204 else b'{"message":"no"}', status))
    assert problem(site).startswith(f"HTTP {status} ")
    assert len(site.asked) == 1


TRUNCATED = {
    "length too large": Reply(GOOD, length=len(GOOD) + 100),
    "within a row": Reply(GOOD[:-20], length=len(GOOD)),
    "in chunks": Reply(pieces=(GOOD,), ends=False),
    "in gzip": Reply(gzip.compress(GOOD)[:-8], headers=GZIP, length=len(gzip.compress(GOOD))),
}


@pytest.mark.parametrize("description", TRUNCATED)
def test_truncated_response_is_incomplete(site: Site, description: str) -> None:
    site.answer("/owid.csv", TRUNCATED[description])
    with pytest.raises(IncompleteResponse, match="owid: the response is incomplete"):
        records(site, "owid")


def test_slow_response_ends_at_the_time_limit(site: Site) -> None:
    site.answer("/owid.csv", drip(GOOD * 100, 0.01))
    assert problem(site, total_seconds=0.3) == "the response took longer than web.total_seconds"


def retry_after(pause: str) -> Reply:
    return Reply(status=429, headers={"Retry-After": pause})


def redirect(address: str) -> Reply:
    return Reply(status=302, headers={"Location": address})


FAILED, CLOSED, INCOMPLETE = "the request failed ({})", "the connection was closed", "the response is incomplete"
TOO_LARGE, SILENT = "the response is larger than web.largest_mb", "the server stopped responding (web.read_seconds)"
NOT_DECOMPRESSED, TOO_MANY = "the response cannot be decompressed", "HTTP 429 Too Many Requests"
REJECTED: dict[str, tuple[Reply, str]] = {
    "silent from the start": (Reply(GOOD, silence=30), SILENT),
    "silent in the middle": (Reply(pieces=(GOOD[:30], GOOD[30:]), pause=30), SILENT),
    "too large": (Reply(pieces=(GOOD, *[ROWS * 30_000] * 3)), TOO_LARGE),
    "too large once decompressed": (Reply(gzip.compress(GOOD + ROWS * 1_000_000), headers=GZIP), TOO_LARGE),
    "not gzip": (Reply(GOOD, headers=GZIP), NOT_DECOMPRESSED),
    "not gzip twice": (Reply(b"x" * 100, headers={"Content-Encoding": "gzip, gzip"}), NOT_DECOMPRESSED),
    "redirect loop": (redirect("/owid.csv"), "too many redirects"),
    "redirect to half an address": (redirect("http://[::1"), FAILED.format("ValueError")),
    "redirect to bytes that are not UTF-8": (redirect("http://\xff\xfe/"), FAILED.format("UnicodeDecodeError")),
    "redirect to a host without a name": (redirect("http://.x/"), FAILED.format("LocationParseError")),
    "redirect to a file": (redirect("file:///etc/hostname"), FAILED.format("InvalidSchema")),
    "retry after 5,000 digits of seconds": (retry_after("9" * 5000), TOO_MANY),
    "retry after a year beyond 9999": (retry_after("Fri, 31 Dec 99999 23:59:59 GMT"), TOO_MANY),
    "retry after an unknown word": (retry_after("soon"), FAILED.format("InvalidHeader")),
    "a chunk without a size": (Reply(b"zz\r\n", headers=CHUNKED), INCOMPLETE),
    "a chunk size without an end": (Reply(b"1" * 70_000, headers=CHUNKED), CLOSED),
    "two lengths": (Reply(headers={"Content-Length": "1, 2"}), FAILED.format("InvalidHeader")),
    "an enormous length": (Reply(b"x", length=10**30), INCOMPLETE),
    "a long reason": (Reply(status=404, reason="a\x1b[2J\rb" + "x" * 500), f"HTTP 404 a\\x1b[2J\\rb{'x' * 93}"),
    "no reason": (Reply(status=599, reason=""), "HTTP 599 "),
    "an invalid status": (Reply(status=1000), CLOSED),
    "a header without an end": (Reply(headers={"X": "y" * 70_000}), CLOSED),
    "too many headers": (Reply(headers={f"X-{number}": "y" for number in range(150)}), CLOSED),
}


@pytest.mark.parametrize("description", REJECTED)
def test_invalid_reply_is_rejected(site: Site, description: str) -> None:
    reply, expected = REJECTED[description]
    site.answer("/owid.csv", reply)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        settings = {"retries": int(reply.status == 429), "largest_mb": 2}
        assert problem(site, read_seconds=0.2 if reply.silence or reply.pause else 5, **settings) == expected
        gc.collect()  # requests leaves the connection of an invalid redirect open


@pytest.mark.parametrize("pieces", [None, (gzip.compress(GOOD)[:9], gzip.compress(GOOD)[9:])], ids=["whole", "chunks"])
def test_gzip_response_is_decompressed(site: Site, pieces: tuple[bytes, ...] | None) -> None:
    body = gzip.compress(GOOD) if pieces is None else b""
    site.answer("/owid.csv", Reply(body, headers=GZIP, pieces=pieces))
    assert len(records(site, "owid")) == 1
    assert "gzip" in site.asked[0][1]["accept-encoding"]
    assert site.asked[0][1]["user-agent"] == USER_AGENT


def test_redirect_is_followed(site: Site) -> None:
    site.answer("/owid.csv", redirect("/moved.csv"))
    site.answer("/moved.csv", GOOD)
    assert len(records(site, "owid")) == 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [("http://127.0.0.1:9", "cannot connect"), ("http://unknown.invalid", "the host name cannot be resolved")],
)
def test_unreachable_server_is_an_error(address: str, expected: str) -> None:
    nowhere = Site()
    nowhere.address = address
    assert problem(nowhere, retries=0) == expected


@pytest.mark.needs("openssl")
def test_self_signed_certificate_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serve(context) as site:
        site.answer("/owid.csv", GOOD)
        assert problem(site, retries=0) == "the certificate is not trusted"


def test_validators_are_kept_after_a_complete_read(site: Site) -> None:
    address = site.answer("/owid.csv", Reply(GOOD, headers={"ETag": '"1"', "Last-Modified": "yesterday"}))
    web = Web("owid", WEB)
    with suppress(KeyboardInterrupt), web.get(address) as body:
        body.read(10)
        raise KeyboardInterrupt
    assert web.validators() == {}
    with web.get(address) as body:
        assert body.read() == GOOD
    assert web.validators() == {address: Validators('"1"', "yesterday")}


@pytest.mark.parametrize("headers", [{}, {"ETag": "a\0b"}, {"ETag": '"\xff"'}, {"ETag": "a\x1b[2J"}], ids=repr)
def test_missing_or_unstorable_validator_is_dropped(headers: dict[str, str], site: Site) -> None:
    web = Web("owid", WEB)
    with web.get(site.answer("/owid.csv", Reply(b"x", headers=headers))) as body:
        assert body.read() == b"x"
    assert web.validators() == {}
    assert not web.unchanged({})


def test_unchanged_sends_the_validators(site: Site) -> None:
    address = site.answer("/owid.csv", Reply(status=304))
    assert Web("owid", WEB).unchanged({address: Validators('"1"', "yesterday")})
    [(_, headers)] = site.asked
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"1"', "yesterday")


def test_unchanged_requires_it_of_all_addresses(site: Site) -> None:
    known = Validators('"1"', None)
    same = site.answer("/same.csv", Reply(status=304))
    changed = site.answer("/changed.csv", GOOD)
    assert not Web("jhu", WEB).unchanged({same: known, changed: known})
