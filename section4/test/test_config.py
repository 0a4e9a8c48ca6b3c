"""What section4_process.yaml may say, and what is said of what it may not."""

from pathlib import Path

import pytest

from common.errors import UsageError
from section4.config import CONF, LATEST, load_process

TEXT = (CONF / "section4_process.yaml").read_text()


def problem(tmp_path: Path, before: str, after: str) -> str:
    """Return what is wrong with the configuration once `before` is `after`."""
    assert before in TEXT
    path = tmp_path / "changed.yaml"
    path.write_text(TEXT.replace(before, after))
    with pytest.raises(UsageError) as error:
        load_process(str(path))
    assert error.value.exit_code == 2
    return str(error.value).removeprefix("changed.yaml: ")


def test_the_committed_configuration_is_good() -> None:
    config = load_process("section4_process.yaml")
    assert config.sources == ("owid", "who", "jhu", "disease_sh", "covid19api")
    assert config.countries == ("SG",)
    assert config.last_day is None
    assert LATEST in TEXT


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "[owid, who, jhu, disease_sh, covid19api]",
            "[owid, sample]",
            "sources.1: unknown value 'sample'. Allowed: owid,",
        ),
        (
            "[owid, who, jhu, disease_sh, covid19api]",
            "[owid, owid]",
            "sources: expected at least one source, each once, such as [owid, who], got ['owid', 'owid'].",
        ),
        (
            "[owid, who, jhu, disease_sh, covid19api]",
            "[]",
            "sources: expected at least one source, each once, such as [owid, who], got [].",
        ),
        (
            "[SG]",
            "[Singapore]",
            "countries: expected country codes such as SG, MY, or all; 'Singapore' is not one, got ['Singapore'].",
        ),
        ("[SG]", "[]", "countries: expected at least one country such as SG, got []."),
        (
            "[SG]",
            "[SG, all]",
            "countries: expected country codes such as SG, MY, or all; 'all' is not one, got ['SG', 'all'].",
        ),
        ("[SG]", "SG", "countries: expected a list such as [com, net], got 'SG'."),
        ("2020-01-01", "1.1.2020", "first_day: expected a date such as 2022-03-09, got '1.1.2020'."),
        ("latest ", "tomorrow ", "last_day: expected a date such as 2022-03-09, got 'tomorrow'."),
        ("https://catalog", "ftp://catalog", "addresses.owid: "),
        ("connect_seconds: 10", "connect_seconds: 0", "web.connect_seconds: must be greater than 0, got '0'."),
        ("retries: 4", "retries: 11", "web.retries: must be less than or equal to 10, got '11'."),
        ("retries:", "tries:", "web.tries: unknown key. Did you mean 'retries'?"),
        ("  who: https", "  whom: https", "addresses.whom: unknown key. Did you mean 'who'?"),
    ],
)
def test_a_bad_value_is_refused_with_its_key_and_what_is_allowed(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert problem(tmp_path, before, after).startswith(said)
