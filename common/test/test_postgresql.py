"""The PostgreSQL server that the environment names."""

import os

import pytest

from common.errors import UsageError
from common.postgresql import Server, server_from_environment

ROLES = ("reader",)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in filter(lambda name: name.startswith("SECTION9_"), list(os.environ)):
        monkeypatch.delenv(name)


def server(monkeypatch: pytest.MonkeyPatch, **values: str) -> Server | None:
    for name, value in values.items():
        monkeypatch.setenv(f"SECTION9_{name}", value)
    return server_from_environment("section9", ROLES)


def test_without_a_host_there_is_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server(monkeypatch, HOST="", PORT="5433", READER_PASSWORD="abc") is None


def test_unset_variables_have_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server(monkeypatch, HOST="db", PORT="") == Server(host="db", port=5432, database="my_database")


def test_all_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = server(monkeypatch, HOST="db", PORT="65535", DATABASE="shop", READER_PASSWORD="a b", WRITER_PASSWORD="c")
    assert found is not None
    assert (found.host, found.port, found.database) == ("db", 65_535, "shop")
    assert {role: password.get_secret_value() for role, password in found.passwords.items()} == {"reader": "a b"}


def test_given_host_overrides_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECTION9_HOST", "db")
    found = server_from_environment("section9", ROLES, "other")
    assert found is not None
    assert found.host == "other"


@pytest.mark.parametrize("port", ["0", "65536", "-1", "5432 ", "abc", "05432"])
def test_bad_port_is_rejected(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    with pytest.raises(UsageError) as caught:
        server(monkeypatch, HOST="db", PORT=port)
    assert str(caught.value) == f"SECTION9_PORT: expected a port such as 5432, got {port!r}."


@pytest.mark.parametrize("name", ["HOST", "PORT", "DATABASE", "READER_PASSWORD"])
@pytest.mark.parametrize("letter", ["\udcff", "\n", "\x1b"])
def test_unprintable_value_is_rejected_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, letter: str
) -> None:
    with pytest.raises(UsageError) as caught:
        server(monkeypatch, **({"HOST": "db"} | {name: f"abc{letter}"}))
    assert str(caught.value) == f"SECTION9_{name}: contains a character that cannot be printed. Remove it."
