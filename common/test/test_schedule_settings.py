"""What the environment and the command line say of a job is typed once, and a mistake is named in one line."""

from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import UsageError
from common.schedule.job import Settings
from common.test.schedule_support import TOKEN, Night, night_in

URL = f"https://hooks.example.com:8443/alerts/{TOKEN}?a=b#c"
NO_ADDRESS = "ALERT_WEBHOOK_URL: is no web address (e.g. https://hooks.example.com/alerts)"


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Night:
    return night_in(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "environment",
    [{}, {"NIGHT_TIME_LIMIT_MINUTES": "", "NIGHT_STALE_AFTER_MINUTES": "", "ALERT_WEBHOOK_URL": ""}],
    ids=["nothing set", "all empty"],
)
def test_what_is_not_set_has_its_default(environment: dict[str, str]) -> None:
    assert Settings.of("night", environment) == Settings(timedelta(minutes=50), timedelta(minutes=120), None)


def test_a_job_has_settings_under_its_own_name(night: Night) -> None:
    environment = {
        "NIGHT_TIME_LIMIT_MINUTES": "1",
        "NIGHT_STALE_AFTER_MINUTES": "99999",
        "DAY_TIME_LIMIT_MINUTES": "2",
        "ALERT_WEBHOOK_URL": URL,
    }
    assert Settings.of("night", environment) == Settings(timedelta(minutes=1), timedelta(minutes=99999), URL)
    assert Settings.of("day", environment) == Settings(timedelta(minutes=2), timedelta(minutes=120), URL)


@pytest.mark.parametrize("key", ["NIGHT_TIME_LIMIT_MINUTES", "NIGHT_STALE_AFTER_MINUTES"])
@pytest.mark.parametrize(
    "text",
    ["0", "-1", "+5", "1.5", "1e2", " 5", "5 ", "1_0", "five", "٥", "100000", "0999999", f"00001{9**99}", "9" * 5000],
)  # fmt: skip
def test_a_bad_number_of_minutes_is_named_with_its_key(key: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.of("night", {key: text})
    default = {"NIGHT_TIME_LIMIT_MINUTES": 50, "NIGHT_STALE_AFTER_MINUTES": 120}[key]
    assert str(caught.value) == f"{key}: {text!r} is no number of minutes from 1 to 99999 (e.g. {default})"


@pytest.mark.parametrize("text", ["http://a", "HTTPS://hooks.example.com/x", "http://[::1]:8080/", "http://10.0.0.1/"])
def test_a_web_address_is_taken_as_it_is(text: str) -> None:
    assert Settings.of("night", {"ALERT_WEBHOOK_URL": text}).webhook == text


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"hooks.example.com/{TOKEN}",
        f"ftp://hooks.example.com/{TOKEN}",
        f"file:///{TOKEN}",
        f"http:///{TOKEN}",
        f"http://:80/{TOKEN}",
        f"http://hooks.example.com:port/{TOKEN}",
        f"http://hooks.example.com:0/{TOKEN}",
        f"http://hooks.example.com:99999/{TOKEN}",
        f"http://[::1/{TOKEN}",
        f"http://hooks..example.com/{TOKEN}",
        f"http://{'h' * 64}.example.com/{TOKEN}",
        f"http://hooks.example.com/ {TOKEN}",
        f" http://hooks.example.com/{TOKEN}",
        f"http://hooks.example.com/{TOKEN}\n",
        f"http://hooks.example.com/{TOKEN}\x7f",
        f"http://hooks.example.com/ü{TOKEN}",
        f"http://user:{TOKEN}@hooks.example.com/",
        f"http://{TOKEN}@hooks.example.com/",
    ],
)
def test_a_bad_web_address_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        Settings.of("night", {"ALERT_WEBHOOK_URL": text})
    assert str(caught.value) == NO_ADDRESS


@pytest.mark.parametrize("command", ["run", "catch-up"])
@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        (
            {"NIGHT_TIME_LIMIT_MINUTES": "ten"},
            "NIGHT_TIME_LIMIT_MINUTES: 'ten' is no number of minutes from 1 to 99999 (e.g. 50)",
        ),
        ({"ALERT_WEBHOOK_URL": f"ftp://{TOKEN}"}, NO_ADDRESS),
    ],
)
def test_a_run_with_a_bad_setting_ends_in_one_line_and_runs_nothing(
    night: Night, command: str, environment: dict[str, str], problem: str
) -> None:
    night.does("open('ran', 'w').close()")
    assert night.command(command, **environment) == (2, "", f"python -m night: {problem}\n")
    assert not (night.folder / "ran").exists()


def test_the_health_check_names_a_bad_setting(night: Night) -> None:
    ran = night.command("check", NIGHT_STALE_AFTER_MINUTES="soon")
    problem = "NIGHT_STALE_AFTER_MINUTES: 'soon' is no number of minutes from 1 to 99999 (e.g. 120)"
    assert ran == (1, f"unhealthy: {problem}\n", "")


def test_a_command_that_is_none_is_refused_in_one_line(night: Night) -> None:
    code, out, err = night.command("restart")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"python3 -m {night.module}: argument command: invalid choice: 'restart'")


def test_help_shows_every_command_an_example_and_the_exit_codes(night: Night) -> None:
    code, out, err = night.command("--help")
    assert (code, err) == (0, "")
    for line in ("  run  ", "  catch-up  ", "  check  ", "  stop  ", "exit codes:"):
        assert f"\n{line}" in out
    assert f"example:\n  docker container exec night_python python3 -m {night.module} run\n" in out
