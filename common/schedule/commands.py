"""The commands of a scheduled job: run, catch-up, check, stop."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from common import cli
from common.errors import Busy, JobError, UsageError
from common.schedule import record
from common.schedule.job import Job, Published, Settings
from common.schedule.lock import locked, run_in_progress, stop
from common.schedule.log import run_log
from common.schedule.process import GRACE_SECONDS, Ended, supervise
from common.schedule.record import Record
from common.schedule.webhook import alert

_SECONDS_TO_STOP = 50.0  # Docker kills the container after 60
_TRIES, _SECONDS_BETWEEN = 24, 5.0  # for the database: after a reboot all containers start at once
_COMMANDS = """\
commands:
  run       run the job once, within its time limit
  catch-up  run it if the current batch is missing or the last run failed
  check     print the health: healthy, waiting or unhealthy
  stop      terminate the run in progress"""
_EXIT_CODES = """\
exit codes:
  run, catch-up  the job's; 0 if there is nothing to catch up
  check          0 healthy, 1 not
  stop           0 no run is in progress any more, 1 one is
"""
Clock = Callable[[], datetime]
Log = Callable[[str], None]


def run(job: Job, settings: Settings, clock: Clock, grace: float = GRACE_SECONDS) -> int:
    """Run the job once, record and report the result. Return the exit code."""
    with run_log(job.log) as log:
        started_at = _iso(clock())
        try:
            with locked(job.lock):
                log(f"{started_at} {job.name}: a run begins")
                ended = _attempt(job, settings, log, grace)
                code, result = judge(ended, settings)
                done = Record(started_at, _iso(clock()), code, result)
                log(f"{done.ended_at} {job.name}: {result}")
                if code != Busy.exit_code and (done.good or not ended.stopped):
                    _conclude(job, settings, done, log)
        except Busy:
            code, result = judge(Ended(Busy.exit_code), settings)
            log(f"{started_at} {job.name}: {result}")
        return code


def _attempt(job: Job, settings: Settings, log: Log, grace: float) -> Ended:
    command = [sys.executable, *job.command]
    try:
        return supervise(command, job.root, settings.time_limit.total_seconds(), log, grace)
    except OSError as error:
        log(f"{error.filename or command[0]}: {error.strerror}. The job was not started.")
        return Ended(1)


def judge(ended: Ended, settings: Settings) -> tuple[int, str]:
    """Return the exit code of a run and its meaning."""
    code = 128 - ended.code if ended.code < 0 else ended.code
    results = {
        0: "the run is done",
        3: "the run is done, but a file was refused",
        Busy.exit_code: "another run is in progress, so this one did nothing",
    }
    if code in record.GOOD:
        return code, results[code]
    if ended.over_time:
        minutes = settings.time_limit.total_seconds() / 60
        return 1, f"the run was ended because it took longer than {minutes:g} min"
    if ended.stopped:
        return code, "the run was stopped before its end"
    if ended.code < 0 or code == 137:
        return code, f"the run was killed (exit code {code}), perhaps out of memory"
    return code, results.get(code, f"the run failed with exit code {code}")


def _conclude(job: Job, settings: Settings, done: Record, log: Log) -> None:
    """Send an alert if needed, and record the run."""
    before = record.read(job.records)
    alerted = alert(settings.webhook, job.name, done, before is not None and before.alerted, log)
    for problem in record.write(replace(done, alerted=alerted), job.records):
        log(problem)


def catch_up(job: Job, settings: Settings, clock: Clock) -> int:
    """Run the job if the current batch is missing or the last run failed. Return the exit code."""
    last = record.read(job.records)
    if _is_due(job, clock) or (last is not None and not last.good):
        return run(job, settings, clock)
    print(f"{_iso(clock())} {job.name}: the current batch is published, nothing to catch up", flush=True)
    return 0


def _is_due(job: Job, clock: Clock) -> bool:
    """Return whether the current batch is missing; also true if the database does not respond: the run logs why."""
    for _ in range(_TRIES):
        try:
            return job.batch_due(clock()) is not None
        except UsageError:
            raise
        except JobError:
            time.sleep(_SECONDS_BETWEEN)
    return True


def check(job: Job, environment: Mapping[str, str], now: datetime) -> tuple[int, str]:
    """Return the exit code of the health check and its line."""
    last, newest = record.read(job.records), None
    try:
        newest = job.newest()
        problem = _problem(last, newest, Settings.of(job.name, environment), now)
    except JobError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{error.filename}: {error.strerror}"
    if newest is not None and problem is None:
        last_run = f"; last run at {last.ended_at}: {last.result}" if last else ""
        return 0, f"healthy: {newest.what} {_age(newest, now)}{last_run}"
    if run_in_progress(job.lock) is not None:
        return 1, f"waiting: {problem}; a run is in progress"
    return 1, f"unhealthy: {problem}"


def _problem(last: Record | None, newest: Published | None, settings: Settings, now: datetime) -> str | None:
    if last is not None and not last.good:
        return f"{last.result} at {last.ended_at}; see the log"
    if newest is None:
        return "nothing has been published yet"
    if now - newest.at > settings.stale_after:
        return f"{newest.what} {_age(newest, now)}, which is over {settings.stale_after // timedelta(minutes=1)} min"
    return None


def _age(newest: Published, now: datetime) -> str:
    age = max(now - newest.at, timedelta())  # the clock may have been set back
    return f"{age // timedelta(minutes=1)} min ago"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def main(job: Job) -> None:
    """Run the command line of a section's `scheduled` module."""
    parser = cli.Parser(
        description=f"The scheduled job of {job.name}, in its container.\n\n{_COMMANDS}",
        example=f"docker container exec {job.name}_python python3 -m {job.module} run",
        exit_codes=_EXIT_CODES,
    )
    parser.add_argument("command", help="see above", choices=["run", "catch-up", "check", "stop"])
    command = parser.parse_args().command
    cli.run(lambda: _run_command(command, job, lambda: datetime.now().astimezone()))


def _run_command(command: str, job: Job, clock: Clock) -> int:
    match command:
        case "check":
            code, line = check(job, os.environ, clock())
            print(line)
            return code
        case "stop":
            return 0 if stop(job.lock, _SECONDS_TO_STOP) else 1
        case "catch-up":
            return catch_up(job, Settings.of(job.name, os.environ), clock)
    return run(job, Settings.of(job.name, os.environ), clock)
