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
            "sources.1: 'sample' is unknown; (allowed: owid,",
        ),
        (
            "[owid, who, jhu, disease_sh, covid19api]",
            "[owid, owid]",
            "sources: ['owid', 'owid'] must name each source once",
        ),
        ("[owid, who, jhu, disease_sh, covid19api]", "[]", "sources: [] must name each source once, and at least one"),
        ("[SG]", "[Singapore]", "countries: ['Singapore'] has 'Singapore', which is no country's code"),
        ("[SG]", "[]", "countries: [] is empty"),
        ("[SG]", "[SG, all]", "countries: ['SG', 'all'] has 'all', which is no country's code"),
        ("[SG]", "SG", "countries: 'SG' is no list"),
        ("2020-01-01", "1.1.2020", "first_day: '1.1.2020' is no date (e.g. 2022-03-09)"),
        ("latest ", "tomorrow ", "last_day: 'tomorrow' is no date (e.g. 2022-03-09)"),
        ("https://catalog", "ftp://catalog", "addresses.owid: "),
        ("connect_seconds: 10", "connect_seconds: 0", "web.connect_seconds: '0'"),
        ("retries: 4", "retries: 11", "web.retries: '11'"),
        ("retries:", "tries:", "web.tries: is no key here; did you mean 'retries'?"),
        ("  who: https", "  whom: https", "addresses.whom: is no key here; did you mean 'who'?"),
    ],
)
def test_a_bad_value_is_refused_with_its_key_and_what_is_allowed(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert problem(tmp_path, before, after).startswith(said)
