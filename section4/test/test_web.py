"""HTTP behaviour against a loopback server: retries, limits, redirects, compression, validators."""

import gzip
import ssl
import subprocess
import time
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

import pytest

from common.test.web_server import Reply, Site, drip
from common.test.web_server import site as serve
from section4.core.record import IncompleteResponse, SourceError
from section4.operator.web import USER_AGENT, Validators, Web
from section4.test.support import EVERYTHING, WEB, owid, records

pytestmark = pytest.mark.integration

GOOD = owid(("Singapore", "2022-03-09", 3, 10, 1, 2))
ROWS = b"Singapore,2022-03-09,3,10,1,2,x\n"
GZIP = {"Content-Encoding": "gzip"}


def problem(site: Site, **settings: float) -> str:
    """Return the error of a request to the site, which must not quote the address."""
    with pytest.raises(SourceError) as caught:
        records(site, "owid", EVERYTHING, **settings)
    assert str(caught.value).startswith("owid: ")
    assert site.address not in str(caught.value)
    return str(caught.value).removeprefix("owid: ")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_transient_status_is_retried(site: Site, status: int) -> None:
    site.answer("/owid.csv", Reply(status=status), GOOD)
    assert len(records(site, "owid")) == 1
    assert len(site.asked) == 2


def test_retry_after_in_seconds_is_respected(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "1"}), GOOD)
    started = time.monotonic()
    assert len(records(site, "owid")) == 1
    assert time.monotonic() - started >= 1


def test_retry_after_may_be_a_date(site: Site) -> None:
    soon = formatdate(time.time() + 1, usegmt=True)
    site.answer("/owid.csv", Reply(status=503, headers={"Retry-After": soon}), GOOD)
    assert len(records(site, "owid")) == 1


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


@pytest.mark.parametrize(
    "reply",
    [
        Reply(GOOD, length=len(GOOD) + 100),
        Reply(GOOD[:-20], length=len(GOOD)),
        Reply(pieces=(GOOD,), ends=False),
        Reply(gzip.compress(GOOD)[:-8], headers=GZIP, length=len(gzip.compress(GOOD))),
    ],
    ids=["length too large", "within a row", "in chunks", "in gzip"],
)
def test_truncated_response_is_incomplete(site: Site, reply: Reply) -> None:
    site.answer("/owid.csv", reply)
    with pytest.raises(IncompleteResponse, match="owid: the response is incomplete"):
        records(site, "owid")


@pytest.mark.parametrize(
    "reply",
    [Reply(GOOD, silence=30), Reply(pieces=(GOOD[:30], GOOD[30:]), pause=30)],
    ids=["at the start", "in the middle"],
)
def test_silent_server_times_out(site: Site, reply: Reply) -> None:
    site.answer("/owid.csv", reply)
    assert problem(site, read_seconds=0.2, retries=0) == "the server stopped responding (web.read_seconds)"


def test_slow_response_ends_at_the_time_limit(site: Site) -> None:
    site.answer("/owid.csv", drip(GOOD * 100, 0.01))
    started = time.monotonic()
    assert problem(site, total_seconds=0.3) == "the response took longer than web.total_seconds"
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "reply",
    [
        Reply(pieces=(GOOD, *[ROWS * 30_000] * 3)),
        Reply(gzip.compress(GOOD + ROWS * 1_000_000), headers=GZIP),
    ],
    ids=["plain", "compressed"],
)
def test_large_response_ends_at_the_size_limit(site: Site, reply: Reply) -> None:
    site.answer("/owid.csv", reply)
    assert problem(site, largest_mb=2) == "the response is larger than web.largest_mb"


@pytest.mark.parametrize("pieces", [None, (gzip.compress(GOOD)[:9], gzip.compress(GOOD)[9:])], ids=["whole", "chunks"])
def test_gzip_response_is_decompressed(site: Site, pieces: tuple[bytes, ...] | None) -> None:
    body = gzip.compress(GOOD) if pieces is None else b""
    site.answer("/owid.csv", Reply(body, headers=GZIP, pieces=pieces))
    assert len(records(site, "owid")) == 1
    assert "gzip" in site.asked[0][1]["accept-encoding"]
    assert site.asked[0][1]["user-agent"] == USER_AGENT


def test_response_that_is_not_gzip_is_rejected(site: Site) -> None:
    site.answer("/owid.csv", Reply(GOOD, headers=GZIP))
    assert problem(site) == "the response cannot be decompressed"


def test_redirect_is_followed(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=302, headers={"Location": "/moved.csv"}))
    site.answer("/moved.csv", GOOD)
    assert len(records(site, "owid")) == 1


def test_redirect_loop_is_rejected(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=302, headers={"Location": "/owid.csv"}))
    assert problem(site) == "too many redirects"


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


def test_response_without_validators_is_never_unchanged(site: Site) -> None:
    address = site.answer("/owid.csv", GOOD)
    web = Web("owid", WEB)
    with web.get(address) as body:
        body.read()
    assert web.validators() == {}
    assert not web.unchanged({})


@pytest.mark.parametrize("etag", ["a\0b", '"\xff"', "a\x1b[2J"])
def test_validator_that_cannot_be_stored_is_dropped(etag: str, site: Site) -> None:
    web = Web("owid", WEB)
    with web.get(site.answer("/owid.csv", Reply(b"x", headers={"ETag": etag}))) as body:
        assert body.read() == b"x"
    assert web.validators() == {}


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
