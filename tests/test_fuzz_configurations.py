"""Fuzzed configuration files load as the model, or are rejected with one line per problem that names the file."""

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
import yaml
from pydantic import BaseModel

from common.config import load
from common.errors import UsageError
from common.paths import ROOT
from common.postgresql import Server
from common.test.fuzzing import mutated, verdicts
from section1.config import ProcessConfig as Applications
from section3.capacity.model import Model
from section3.capacity.quotas_and_prices import Prices
from section4.config import ProcessConfig as Covid

SERVER = "host: db.example.org\nport: 5432\ndatabase: my_database\npasswords:\n  covid_loader: a word\n"
MODELS: dict[str, tuple[type[BaseModel], str]] = {
    "section1_process.yaml": (Applications, (ROOT / "section1/conf/section1_process.yaml").read_text()),
    "section3_model.yaml": (Model, (ROOT / "section3/conf/section3_model.yaml").read_text()),
    "section3_prices.yaml": (Prices, (ROOT / "section3/conf/section3_prices.yaml").read_text()),
    "section4_process.yaml": (Covid, (ROOT / "section4/conf/section4_process.yaml").read_text()),
    "postgresql.yaml": (Server, SERVER),
}
SMALL = 2000  # bytes; reading a larger file takes 20 ms, so most of its cases have two sections only
WORDS = (
    b"- ", b"{a: ", b"[", b"]", b"}", b"---\n", b"  ", b"#", b"null", b"~", b"yes", b".inf", b"infinity", b"nan", b"@",
    b"`", b"1:30", b"0b1", b"+1", b"1.0", b"NO", b"- SG\n", b"? ",
)  # fmt: skip


def mutated_file(random: Random, sections: list[bytes]) -> bytes:
    is_whole = sum(map(len, sections)) < SMALL or random.random() < 0.05
    return mutated(random, [b"".join(sections if is_whole else random.sample(sections, 2))], WORDS).replace(b"\0", b"")


def rejection(model: type[BaseModel], path: Path) -> list[str]:
    with pytest.raises(UsageError) as caught:
        load(model, path)
    lines = str(caught.value).split("\n")
    assert [line for line in lines if not (line.startswith(f"{path.name}: ") and line.isprintable())] == []
    return lines


@pytest.mark.slow
@pytest.mark.full("fuzzing")
@pytest.mark.parametrize("name", MODELS)
def test_fuzzed_configuration_is_read_exactly_or_rejected(
    name: str, tmp_path: Path, budget: Callable[[int, int], int], record: Callable[[dict[str, str]], None]
) -> None:
    model, shipped = MODELS[name]
    path = tmp_path / name
    sections = re.split(rb"(?m)^(?=\w)", re.sub(r" +#.*", "", shipped).encode())

    def accepts(content: bytes) -> bool:
        path.write_bytes(content)
        try:
            found = load(model, path)
        except UsageError:
            rejection(model, path)
            return False
        expected = yaml.load(content.decode("utf-8-sig"), Loader=yaml.CBaseLoader)
        assert found == model.model_validate(expected)
        return True

    record(verdicts(name, budget(300, 100_000), lambda random: mutated_file(random, sections), accepts))


@pytest.mark.parametrize(
    ("valid", "invalid", "problem"),
    [
        ("parts: 1", "parts: nan", "parts: expected an integer such as 18, got 'nan'."),
        ("parts: 1", "parts: \u0661", "parts: expected an integer such as 18, got '\u0661'."),
        ("2022-01-01", "2022-02-30", "rules.as_of: expected a date since 1900 such as 2022-01-01, got '2022-02-30'."),
        ("parts: 1", "<<: {parts: 1}", "<<: unknown key."),
    ],
)
def test_fuzzing_finding_stays_rejected(valid: str, invalid: str, problem: str, tmp_path: Path) -> None:
    shipped = MODELS["section1_process.yaml"][1]
    assert shipped.count(valid) == 1
    path = tmp_path / "changed.yaml"
    path.write_text(shipped.replace(valid, invalid))
    assert any(line.startswith(f"changed.yaml: {problem}") for line in rejection(Applications, path))


@pytest.mark.parametrize("infinite", ["inf", "infinity", "-inf", "nan", "1e400"])
def test_infinite_figure_is_rejected(infinite: str, tmp_path: Path) -> None:
    path = tmp_path / "section3_model.yaml"
    path.write_text(re.sub(r"image_mb: [\d.]+", f"image_mb: {infinite}", MODELS[path.name][1]))
    assert [line for line in rejection(Model, path) if "must be a finite number" in line or "greater" in line]


@pytest.mark.parametrize(
    ("valid", "invalid"), [("db.example.org", "''"), ("5432", "0"), ("5432", "65536"), ("my_database", "''")]
)
def test_impossible_server_is_rejected(valid: str, invalid: str, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.yaml"
    path.write_text(SERVER.replace(valid, invalid))
    assert len(rejection(Server, path)) == 1


@pytest.mark.parametrize(
    "passwords", ["passwords: tr0ub4dor", "passwords: {covid_loader: [tr0ub4dor]}", "passwords: [tr0ub4dor]"]
)
def test_misplaced_password_is_not_printed(passwords: str, tmp_path: Path) -> None:
    path = tmp_path / "postgresql.yaml"
    path.write_text(SERVER.partition("passwords")[0] + passwords)
    [line] = rejection(Server, path)
    assert line.startswith("postgresql.yaml: passwords")
    assert line.endswith("got a value that is not shown.")
    assert "tr0ub4dor" not in line
