"""The server that the environment names."""

import os

import pytest

from common.errors import UsageError
from common.postgresql import Server, server_from_environment

ROLES = ("reader",)


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in filter(lambda name: name.startswith("SECTION9_"), list(os.environ)):
        monkeypatch.delenv(name)


def named(monkeypatch: pytest.MonkeyPatch, **values: str) -> Server | None:
    for name, value in values.items():
        monkeypatch.setenv(f"SECTION9_{name}", value)
    return server_from_environment("section9", ROLES)


def test_without_a_host_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(monkeypatch, HOST="", PORT="5433", READER_PASSWORD="abc") is None


def test_what_is_not_said_is_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named(monkeypatch, HOST="db", PORT="") == Server(host="db", port=5432, database="my_database")


def test_all_that_is_said_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    server = named(monkeypatch, HOST="db", PORT="65535", DATABASE="shop", READER_PASSWORD="a b", WRITER_PASSWORD="c")
    assert server is not None
    assert (server.host, server.port, server.database) == ("db", 65_535, "shop")
    assert {role: password.get_secret_value() for role, password in server.passwords.items()} == {"reader": "a b"}


def test_a_host_that_is_given_is_the_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECTION9_HOST", "db")
    given = server_from_environment("section9", ROLES, "other")
    assert given is not None
    assert given.host == "other"


@pytest.mark.parametrize("port", ["0", "65536", "99999", "-1", "5432 ", "abc", "05432"])
def test_what_is_no_port_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    with pytest.raises(UsageError) as caught:
        named(monkeypatch, HOST="db", PORT=port)
    assert str(caught.value) == f"SECTION9_PORT: expected a port such as 5432, got {port!r}."


@pytest.mark.parametrize("name", ["HOST", "PORT", "DATABASE", "READER_PASSWORD"])
@pytest.mark.parametrize("letter", ["\udcff", "\n", "\x1b"])
def test_what_is_no_text_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, letter: str) -> None:
    with pytest.raises(UsageError) as caught:
        named(monkeypatch, **({"HOST": "db"} | {name: f"abc{letter}"}))
    assert str(caught.value) == f"SECTION9_{name}: contains a character that cannot be printed. Remove it."
