"""The four commands of a scheduled job: run, catch-up, check, stop. `now` is a parameter wherever time matters."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from common import cli
from common.errors import JobError, UsageError
from common.schedule import processes, record
from common.schedule.child import GRACE_SECONDS, Ended, supervise
from common.schedule.copies import Copies
from common.schedule.job import Job, Published, Settings
from common.schedule.notice import Webhook, notify
from common.schedule.record import Record

BUSY = 75
_SECONDS_TO_STOP = 50.0  # the container is given 60
_TRIES, _SECONDS_BETWEEN = 24, 5.0  # for what a job asks to be there: after a reboot all containers start at once
_COMMANDS = """\
commands:
  run       runs the job once, within its time limit
  catch-up  runs it if the batch of this moment is missing or the last run failed
  check     says how it is: 0 healthy, 1 not
  stop      ends a run that is at work"""
_EXIT_CODES = """\
exit codes:
  run, catch-up  those of the job; 0 where there is nothing to catch up with
  check          0 healthy, 1 not
  stop           0 nothing is at work any more, 1 something is
"""
Clock = Callable[[], datetime]


def run(job: Job, settings: Settings, clock: Clock, grace: float = GRACE_SECONDS) -> int:
    """Run the job once, record and tell what became of it; return its exit code."""
    copies = Copies(job.log)
    try:
        started = clock()
        copies.tell(f"{_text(started)} {job.name}: a run begins")
        ended = _attempt(job, settings, copies.tell, grace)
        code, words = judge(ended, settings)
        done = Record(_text(started), _text(clock()), code, words, told=False)
        copies.tell(f"{done.ended_at} {job.name}: {words}")
        if code != BUSY and (done.good or not ended.stopped):
            conclude(job, settings, done, copies.tell)
        return code
    finally:
        copies.close()


def _attempt(job: Job, settings: Settings, say: Callable[[str], None], grace: float) -> Ended:
    """Run the job's command; one that cannot be started has failed like any other."""
    command = [sys.executable, *job.command]
    try:
        return supervise(command, job.root, settings.time_limit.total_seconds(), say, grace)
    except OSError as error:
        say(f"{error.filename or command[0]}: {error.strerror}; the job was not started")
        return Ended(1)


def judge(ended: Ended, settings: Settings) -> tuple[int, str]:
    """Return the exit code of a run and what it means."""
    code = 128 - ended.code if ended.code < 0 else ended.code
    done = code in record.GOOD  # even if it was asked to end at the very last
    if ended.over_time and not done:
        minutes = settings.time_limit.total_seconds() / 60
        return 1, f"the run was ended because it took longer than {minutes:g} min"
    if ended.stopped and not done:
        return code, "the run was stopped before its end"
    if ended.code < 0 or code == 137:
        return code, f"the run was killed (exit code {code}), perhaps for lack of memory"
    words = {
        0: "the run is done",
        3: "the run is done, but a file was refused",
        BUSY: "another run is at work, so this one did nothing",
    }
    return code, words.get(code, f"the run failed with exit code {code}")


def conclude(job: Job, settings: Settings, done: Record, say: Callable[[str], None]) -> None:
    """Tell of the run if it changes whether runs fail, and record it."""
    before = record.read(job.records)
    webhook = Webhook(settings.webhook) if settings.webhook else None
    told = notify(webhook, job.name, done, told=before is not None and before.told, say=say)
    for problem in record.write(Record(done.started_at, done.ended_at, done.exit_code, done.words, told), job.records):
        say(problem)


def catch_up(job: Job, settings: Settings, clock: Clock) -> int:
    """Run the job if the batch of this moment is missing, or the last run failed; return the exit code."""
    last, due = record.read(job.records), _is_due(job, clock)
    if not due and (last is None or last.good):
        print(f"{_text(clock())} {job.name}: this moment's batch is published, nothing to catch up with", flush=True)
        return 0
    return run(job, settings, clock)


def _is_due(job: Job, clock: Clock) -> bool:
    """Return whether the batch of this moment is missing; where that cannot be known, the run is to say why."""
    for _ in range(_TRIES):
        try:
            return job.batch_due(clock()) is not None
        except UsageError:
            raise
        except JobError:
            time.sleep(_SECONDS_BETWEEN)
    return True


def check(job: Job, environment: Mapping[str, str], now: datetime) -> tuple[int, str]:
    """Return the exit code of the health check and its line, which begins with healthy, waiting or unhealthy."""
    last = record.read(job.records)
    try:
        newest = job.newest()
        trouble = _trouble(last, newest, Settings.of(job.name, environment), now)
    except JobError as error:
        trouble = str(error)
    except OSError as error:
        trouble = f"{error.filename}: {error.strerror}"
    if trouble is None:
        assert newest is not None
        run_before = f"; last run at {last.ended_at}: {last.words}" if last else ""
        return 0, f"healthy: {newest.what} {_age(newest, now)}{run_before}"
    if processes.at_work(job):
        return 1, f"waiting: {trouble}; a run is at work"
    return 1, f"unhealthy: {trouble}"


def _trouble(last: Record | None, newest: Published | None, settings: Settings, now: datetime) -> str | None:
    """Return what is wrong, or None."""
    if last is not None and not last.good:
        return f"{last.words} at {last.ended_at}; its log says more"
    if newest is None:
        return "nothing has been published yet"
    if now - newest.at > settings.stale_after:
        minutes = settings.stale_after // timedelta(minutes=1)
        return f"{newest.what} {_age(newest, now)}, which is over {minutes} min"
    return None


def _age(newest: Published, now: datetime) -> str:
    age = max(now - newest.at, timedelta())  # the clock may have been set back
    return f"{age // timedelta(minutes=1)} min ago"


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def main(job: Job) -> None:
    """Obey the command line of a section's `scheduled` module."""
    parser = cli.Parser(
        description=f"The scheduled job of {job.name}, in its container.\n\n{_COMMANDS}",
        example=f"docker container exec {job.name}_python python3 -m {job.module} run",
        exit_codes=_EXIT_CODES,
    )
    parser.add_argument("command", help="see above", choices=["run", "catch-up", "check", "stop"])
    command = parser.parse_args().command
    cli.run(lambda: _obey(command, job, lambda: datetime.now().astimezone()))


def _obey(command: str, job: Job, clock: Clock) -> int:
    match command:
        case "check":
            code, line = check(job, os.environ, clock())
            print(line)
            return code
        case "stop":
            return 0 if processes.stop(job, _SECONDS_TO_STOP) else 1
        case "catch-up":
            return catch_up(job, Settings.of(job.name, os.environ), clock)
    return run(job, Settings.of(job.name, os.environ), clock)
