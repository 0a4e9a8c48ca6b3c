"""Section 1's scheduled job in its container: `python3 -m section1.scheduled run|catch-up|check|stop`."""

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from common.paths import ROOT
from common.schedule.commands import main
from common.schedule.job import Job, Published

if TYPE_CHECKING:
    from section1.config import ProcessConfig

CONFIG = "section1_process.yaml"


def batch_due(config: "ProcessConfig", now: datetime) -> str | None:
    """Return this hour's batch if it is not published yet."""
    from zoneinfo import ZoneInfo

    from section1.core.batch import hour_of
    from section1.operator.destination import Destination

    hour = hour_of(now.astimezone(ZoneInfo(config.time_zone)))
    return None if Destination(config.destination).holds(hour) else hour


def newest(config: "ProcessConfig") -> Published | None:
    """Return the batch that was published last."""
    from section1.operator.destination import Destination

    found = Destination(config.destination).newest()
    return (
        None if found is None else Published(f"batch {found[0]} was published", datetime.fromtimestamp(found[1], UTC))
    )


def configured() -> "ProcessConfig":
    """Return the job's configuration. It is imported late, so that --help is fast."""
    from section1.config import load_process

    return load_process(CONFIG)


def command() -> tuple[str, ...]:
    """Return the job's command. SECTION1_MASTER, if set, is the master of the Spark cluster."""
    master = os.environ.get("SECTION1_MASTER")
    return ("section1_manage.py", "--task-config", CONFIG, *(["--master", master] if master else []))


JOB = Job(
    name="section1",
    module="section1.scheduled",
    root=ROOT,
    command=command(),
    logs=ROOT / "section1" / "log",
    batch_due=lambda now: batch_due(configured(), now),
    newest=lambda: newest(configured()),
)

if __name__ == "__main__":
    main(JOB)
