"""How the web is asked: patiently, and no further than is allowed. Through owid, whose answers are the simplest."""

import gzip
import ssl
import subprocess
import time
from contextlib import suppress
from email.utils import formatdate
from pathlib import Path

import pytest

from common.test.web_server import Reply, Site, drip, site
from section4.core.record import BrokenOff, SourceBroken
from section4.operator import web
from section4.operator.web import Validators, Web
from section4.test.support import EVERYTHING, PATIENCE, owid, said

GOOD = owid(("Singapore", "2022-03-09", 3, 10, 1, 2))


def refused(there: Site, **patience: float) -> str:
    """Return why owid's answer cannot be used."""
    with pytest.raises(SourceBroken) as broken:
        said(there, "owid", EVERYTHING, **patience)
    assert str(broken.value).startswith("owid: ")
    assert there.address not in str(broken.value)
    return str(broken.value).removeprefix("owid: ")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again(there: Site, status: int) -> None:
    there.answer("/owid.csv", Reply(status=status), GOOD)
    assert len(said(there, "owid")) == 1
    assert len(there.asked) == 2


def test_a_server_that_asks_for_a_pause_gets_it(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "1"}), GOOD)
    started = time.monotonic()
    assert len(said(there, "owid")) == 1
    assert time.monotonic() - started >= 1


def test_a_pause_may_be_a_moment(there: Site) -> None:
    soon = formatdate(time.time() + 2, usegmt=True)
    there.answer("/owid.csv", Reply(status=503, headers={"Retry-After": soon}), GOOD)
    assert len(said(there, "owid")) == 1


def test_a_server_that_asks_for_a_long_pause_is_left_alone(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "86400"}))
    assert refused(there) == "asks to be left alone for 21600 s or more"
    assert len(there.asked) == 1


def test_a_pause_that_nobody_understands_is_no_crash(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=429, headers={"Retry-After": "soon"}))
    assert "cannot be asked" in refused(there)


def test_a_server_that_stays_in_trouble_is_given_up(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=500))
    assert refused(there) == "answered 500 Internal Server Error"
    assert len(there.asked) == 1 + PATIENCE.retries


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_server_that_says_no_is_not_asked_again(there: Site, status: int) -> None:
    there.answer("/owid.csv", Reply(b'{"message":"no"}', status))
    assert refused(there).startswith(f"answered {status} ")
    assert len(there.asked) == 1


def test_a_success_without_a_body_is_none(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=204))
    assert refused(there).startswith("answered 204 ")


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
def test_an_answer_that_breaks_off_is_seen_to_have(there: Site, cut: Reply) -> None:
    there.answer("/owid.csv", cut)
    with pytest.raises(BrokenOff, match="broke"):
        said(there, "owid")


def test_a_server_that_does_not_answer_is_given_up(there: Site) -> None:
    there.answer("/owid.csv", Reply(GOOD, silence=30))
    assert refused(there, read_seconds=0.2, retries=0) == "fell silent"


def test_a_server_that_falls_silent_in_the_middle_is_given_up(there: Site) -> None:
    there.answer("/owid.csv", Reply(pieces=(GOOD[:30], GOOD[30:]), pause=30))
    assert refused(there, read_seconds=0.2) == "fell silent"


def test_a_server_that_drips_is_given_up_in_time(there: Site) -> None:
    there.answer("/owid.csv", drip(GOOD * 100, 0.01))
    started = time.monotonic()
    assert refused(there, total_seconds=0.3) == "takes longer than it may (web.total_seconds)"
    assert time.monotonic() - started < 5


def test_a_body_without_an_end_is_given_up(there: Site) -> None:
    row = b"Singapore,2022-03-09,3,10,1,2,x\n" * 30_000
    there.answer("/owid.csv", Reply(pieces=(GOOD, row, row, row)))
    assert refused(there, largest_mb=2) == "sends more than it may (web.largest_mb)"


def test_a_small_answer_that_unpacks_to_a_huge_one_is_given_up(there: Site) -> None:
    bomb = gzip.compress(GOOD + b"Singapore,2022-03-09,3,10,1,2,x\n" * 1_000_000)
    there.answer("/owid.csv", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    assert refused(there, largest_mb=2) == "sends more than it may (web.largest_mb)"


@pytest.mark.parametrize("pieces", [None, (gzip.compress(GOOD)[:9], gzip.compress(GOOD)[9:])], ids=["whole", "chunks"])
def test_a_packed_answer_is_unpacked(there: Site, pieces: tuple[bytes, ...] | None) -> None:
    body = gzip.compress(GOOD) if pieces is None else b""
    there.answer("/owid.csv", Reply(body, headers={"Content-Encoding": "gzip"}, pieces=pieces))
    assert len(said(there, "owid")) == 1
    assert "gzip" in there.asked[0][1]["accept-encoding"]


def test_what_is_called_packed_and_is_not_is_refused(there: Site) -> None:
    there.answer("/owid.csv", Reply(GOOD, headers={"Content-Encoding": "gzip"}))
    assert refused(there) == "sends what cannot be unpacked"


def test_an_answer_may_stand_elsewhere(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=302, headers={"Location": "/there.csv"}))
    there.answer("/there.csv", GOOD)
    assert len(said(there, "owid")) == 1


def test_a_server_that_sends_us_round_in_circles_is_given_up(there: Site) -> None:
    there.answer("/owid.csv", Reply(status=302, headers={"Location": "/owid.csv"}))
    assert refused(there) == "sends from one address to another and on"


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
    with site(context) as there:
        there.answer("/owid.csv", GOOD)
        assert refused(there, retries=0) == "its certificate is not trusted"


def test_we_say_who_we_are(there: Site) -> None:
    there.answer("/owid.csv", GOOD)
    said(there, "owid")
    assert there.asked[0][1]["user-agent"] == web.AGENT


def test_what_a_server_can_know_its_answer_by_is_kept_once_all_of_it_was_read(there: Site) -> None:
    address = there.answer("/owid.csv", Reply(GOOD, headers={"ETag": '"1"', "Last-Modified": "yesterday"}))
    asked = Web("owid", PATIENCE)
    with suppress(KeyboardInterrupt), asked.get(address) as body:
        body.read(10)
        raise KeyboardInterrupt
    assert asked.validators() == {}
    with asked.get(address) as body:
        assert body.read() == GOOD
    assert asked.validators() == {address: Validators('"1"', "yesterday")}


def test_a_server_that_gives_nothing_to_know_its_answer_by_is_asked_anew_each_time(there: Site) -> None:
    address = there.answer("/owid.csv", GOOD)
    asked = Web("owid", PATIENCE)
    with asked.get(address) as body:
        body.read()
    assert asked.validators() == {}
    assert not asked.unchanged({})


def test_an_answer_holds_when_the_server_says_so(there: Site) -> None:
    address = there.answer("/owid.csv", Reply(status=304))
    asked = Web("owid", PATIENCE)
    assert asked.unchanged({address: Validators('"1"', "yesterday")})
    [(_, headers)] = there.asked
    assert (headers["if-none-match"], headers["if-modified-since"]) == ('"1"', "yesterday")


def test_of_two_answers_both_must_hold(there: Site) -> None:
    known = Validators('"1"', None)
    held = there.answer("/held.csv", Reply(status=304))
    changed = there.answer("/changed.csv", GOOD)
    assert not Web("jhu", PATIENCE).unchanged({held: known, changed: known})
