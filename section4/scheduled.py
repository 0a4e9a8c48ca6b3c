"""Section 4's job on its schedule, inside the container: `python3 -m section4.scheduled run|catch-up|check|stop`."""

from datetime import datetime

from common.paths import ROOT
from common.schedule.commands import main
from common.schedule.job import Job, Published

CONFIG = "section4_process.yaml"


def newest() -> Published | None:
    """Return the last run that asked for what the job is to ask for, by its source."""
    # Imported late, so that --help answers at once.
    from common.postgresql import server_from_environment
    from section4.config import ROLES, load_process
    from section4.operator.postgresql_operator import last_run

    ask = load_process(CONFIG).ask()
    server = server_from_environment("section4", ROLES)
    found = last_run(server, ask) if server else None
    return Published(f"{found[0]} was asked", found[1]) if found else None


def batch_due(now: datetime) -> str | None:
    """Return this day, while no run of it is in the ledger."""
    found = newest()
    today = f"{now:%Y-%m-%d}"
    return None if found and f"{found.at.astimezone(now.tzinfo):%Y-%m-%d}" == today else today


JOB = Job(
    name="section4",
    module="section4.scheduled",
    root=ROOT,
    command=("section4_manage.py", "--task-config", CONFIG),
    logs=ROOT / "section4" / "log",
    batch_due=batch_due,
    newest=newest,
)

if __name__ == "__main__":
    main(JOB)
