"""Validation of section4_process.yaml."""

from pathlib import Path

import pytest

from common.errors import UsageError
from section4.config import CONF, LATEST, load_process

TEXT = (CONF / "section4_process.yaml").read_text()
SOURCES = "[owid, who, jhu, disease_sh, covid19api]"
NO_CODE = "is not a country code; expected codes such as SG, MY, or all"


def problem(directory: Path, old: str, new: str) -> str:
    """Return the error after a replacement in the shipped configuration."""
    assert old in TEXT
    path = directory / "changed.yaml"
    path.write_text(TEXT.replace(old, new))
    with pytest.raises(UsageError) as error:
        load_process(str(path))
    assert error.value.exit_code == 2
    return str(error.value).removeprefix("changed.yaml: ")


def test_shipped_configuration_is_valid() -> None:
    config = load_process("section4_process.yaml")
    assert config.sources == ("owid", "who", "jhu", "disease_sh", "covid19api")
    assert config.countries == ("SG",)
    assert config.last_day is None
    assert LATEST in TEXT


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (SOURCES, "[owid, sample]", "sources.1: unknown value 'sample'. Allowed: owid,"),
        (
            SOURCES,
            "[owid, owid]",
            "sources: expected at least one source, each once, such as [owid, who], got ['owid",
        ),
        (SOURCES, "[]", "sources: expected at least one source, each once, such as [owid, who], got []."),
        ("[SG]", "[Singapore]", f"countries: 'Singapore' {NO_CODE}, got ['Singapore']."),
        ("[SG]", "[]", "countries: expected at least one country such as SG, got []."),
        ("[SG]", "[SG, all]", f"countries: 'all' {NO_CODE}, got ['SG', 'all']."),
        ("[SG]", "SG", "countries: expected a list such as [com, net], got 'SG'."),
        ("2020-01-01", "1.1.2020", "first_day: expected a date such as 2022-03-09, got '1.1.2020'."),
        ("latest ", "tomorrow ", "last_day: expected a date such as 2022-03-09, got 'tomorrow'."),
        (
            "https://catalog",
            "ftp://catalog",
            "addresses.owid: expected an address such as https://example.org/data.csv",
        ),
        ("connect_seconds: 10", "connect_seconds: 0", "web.connect_seconds: must be greater than 0, got '0'."),
        ("retries: 4", "retries: 11", "web.retries: must be less than or equal to 10, got '11'."),
        ("retries:", "tries:", "web.tries: unknown key. Did you mean 'retries'?"),
        ("  who: https", "  whom: https", "addresses.whom: unknown key. Did you mean 'who'?"),
    ],
)
def test_invalid_value_is_rejected_with_its_key(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert problem(tmp_path, old, new).startswith(expected)
