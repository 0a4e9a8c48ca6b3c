"""How the web is asked: patiently, and no further than is allowed. Through owid, whose answers are the simplest."""

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
from section4.operator import web
from section4.operator.web import Validators, Web
from section4.test.support import EVERYTHING, PATIENCE, owid, records

GOOD = owid(("Singapore", "2022-03-09", 3, 10, 1, 2))


def refused(site: Site, **patience: float) -> str:
    """Return why owid's answer cannot be used."""
    with pytest.raises(SourceError) as broken:
        records(site, "owid", EVERYTHING, **patience)
    assert str(broken.value).startswith("owid: ")
    assert site.address not in str(broken.value)
    return str(broken.value).removeprefix("owid: ")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(site: Site, status: int) -> None:
    site.answer("/owid.csv", Reply(status=status), GOOD)
    assert len(records(site, "owid")) == 1
    assert len(site.asked) == 2


def test_a_server_that_asks_for_a_pause_gets_it(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "1"}), GOOD)
    started = time.monotonic()
    assert len(records(site, "owid")) == 1
    assert time.monotonic() - started >= 1


def test_a_pause_may_be_a_moment(site: Site) -> None:
    soon = formatdate(time.time() + 2, usegmt=True)
    site.answer("/owid.csv", Reply(status=503, headers={"Retry-After": soon}), GOOD)
    assert len(records(site, "owid")) == 1


def test_a_server_that_asks_for_a_long_pause_is_left_alone(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "86400"}))
    assert refused(site) == "asks to be left alone for 21600 s or more"
    assert len(site.asked) == 1


def test_a_pause_that_nobody_understands_is_no_crash(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "soon"}))
    assert "cannot be asked" in refused(site)


def test_a_server_that_stays_in_trouble_is_given_up(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=500))
    assert refused(site) == "answered 500 Internal Server Error"
    assert len(site.asked) == 1 + PATIENCE.retries


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_server_that_says_no_is_not_asked_again(site: Site, status: int) -> None:
    site.answer("/owid.csv", Reply(b'{"message":"no"}', status))
    assert refused(site).startswith(f"answered {status} ")
    assert len(site.asked) == 1


def test_a_success_without_a_body_is_none(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=204))
    assert refused(site).startswith("answered 204 ")


@pytest.mark.parametrize(
    "cut",
    [
        Reply(GOOD, length=len(GOOD) + 100),
        Reply(GOOD[:-20], length=len(GOOD)),
        Reply(pieces=(GOOD,), ends=False),
        Reply(gzip.compress(GOOD)[:-8], headers={"Content-Encoding": "gzip"}, length=len(gzip.compress(GOOD))),
    ],
    ids=["longer than it is", "in a row", "in chunks", "in gzip"],
)
def test_an_answer_that_breaks_off_is_seen_to_have(site: Site, cut: Reply) -> None:
    site.answer("/owid.csv", cut)
    with pytest.raises(IncompleteResponse, match="broke"):
        records(site, "owid")


def test_a_server_that_does_not_answer_is_given_up(site: Site) -> None:
    site.answer("/owid.csv", Reply(GOOD, silence=30))
    assert refused(site, read_seconds=0.2, retries=0) == "fell silent"


def test_a_server_that_falls_silent_in_the_middle_is_given_up(site: Site) -> None:
    site.answer("/owid.csv", Reply(pieces=(GOOD[:30], GOOD[30:]), pause=30))
    assert refused(site, read_seconds=0.2) == "fell silent"


def test_a_server_that_drips_is_given_up_in_time(site: Site) -> None:
    site.answer("/owid.csv", drip(GOOD * 100, 0.01))
    started = time.monotonic()
    assert refused(site, total_seconds=0.3) == "takes longer than it may (web.total_seconds)"
    assert time.monotonic() - started < 5


def test_a_body_without_an_end_is_given_up(site: Site) -> None:
    row = b"Singapore,2022-03-09,3,10,1,2,x\n" * 30_000
    site.answer("/owid.csv", Reply(pieces=(GOOD, row, row, row)))
    assert refused(site, largest_mb=2) == "sends more than it may (web.largest_mb)"


def test_a_small_answer_that_unpacks_to_a_huge_one_is_given_up(site: Site) -> None:
    bomb = gzip.compress(GOOD + b"Singapore,2022-03-09,3,10,1,2,x\n" * 1_000_000)
    site.answer("/owid.csv", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    assert refused(site, largest_mb=2) == "sends more than it may (web.largest_mb)"


@pytest.mark.parametrize("pieces", [None, (gzip.compress(GOOD)[:9], gzip.compress(GOOD)[9:])], ids=["whole", "chunks"])
def test_a_packed_answer_is_unpacked(site: Site, pieces: tuple[bytes, ...] | None) -> None:
    body = gzip.compress(GOOD) if pieces is None else b""
    site.answer("/owid.csv", Reply(body, headers={"Content-Encoding": "gzip"}, pieces=pieces))
    assert len(records(site, "owid")) == 1
    assert "gzip" in site.asked[0][1]["accept-encoding"]


def test_what_is_called_packed_and_is_not_is_refused(site: Site) -> None:
    site.answer("/owid.csv", Reply(GOOD, headers={"Content-Encoding": "gzip"}))
    assert refused(site) == "sends what cannot be unpacked"


def test_an_answer_may_stand_elsewhere(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=302, headers={"Location": "/site.csv"}))
    site.answer("/site.csv", GOOD)
    assert len(records(site, "owid")) == 1


def test_a_server_that_sends_us_round_in_circles_is_given_up(site: Site) -> None:
    site.answer("/owid.csv", Reply(status=302, headers={"Location": "/owid.csv"}))
    assert refused(site) == "sends from one address to another and on"


def test_no_server_at_all() -> None:
    nowhere = Site()
    nowhere.address = "http://127.0.0.1:9"
    assert refused(nowhere, retries=0) == "cannot be reached"


def test_a_host_that_is_none() -> None:
    nowhere = Site()
    nowhere.address = "http://nobody.invalid"
    assert refused(nowhere, retries=0) == "its host has no address"


@pytest.mark.needs("openssl")
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serve(context) as site:
        site.answer("/owid.csv", GOOD)
        assert refused(site, retries=0) == "its certificate is not trusted"


def test_we_say_who_we_are(site: Site) -> None:
    site.answer("/owid.csv", GOOD)
    records(site, "owid")
    assert site.asked[0][1]["user-agent"] == web.USER_AGENT


def test_what_a_server_can_know_its_answer_by_is_kept_once_all_of_it_was_read(site: Site) -> None:
    address = site.answer("/owid.csv", Reply(GOOD, headers={"ETag": '"1"', "Last-Modified": "yesterday"}))
    asked = Web("owid", PATIENCE)
    with suppress(KeyboardInterrupt), asked.get(address) as body:
        body.read(10)
        raise KeyboardInterrupt
    assert asked.validators() == {}
    with asked.get(address) as body:
        assert body.read() == GOOD
    assert asked.validators() == {address: Validators('"1"', "yesterday")}


def test_a_server_that_gives_nothing_to_know_its_answer_by_is_asked_anew_each_time(site: Site) -> None:
    address = site.answer("/owid.csv", GOOD)
    asked = Web("owid", PATIENCE)
    with asked.get(address) as body:
        body.read()
    assert asked.validators() == {}
    assert not asked.unchanged({})


def test_an_answer_holds_when_the_server_says_so(site: Site) -> None:
    address = site.answer("/owid.csv", Reply(status=304))
    asked = Web("owid", PATIENCE)
    assert asked.unchanged({address: Validators('"1"', "yesterday")})
    [(_, headers)] = site.asked
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"1"', "yesterday")


def test_of_two_answers_both_must_hold(site: Site) -> None:
    known = Validators('"1"', None)
    held = site.answer("/held.csv", Reply(status=304))
    changed = site.answer("/changed.csv", GOOD)
    assert not Web("jhu", PATIENCE).unchanged({held: known, changed: known})
