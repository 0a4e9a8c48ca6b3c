"""The scheduled ingestion inside the container: `python3 -m section4.scheduled run|catch-up|check|stop`."""

from datetime import datetime

from common.paths import ROOT
from common.schedule.commands import main
from common.schedule.job import Job, Published

CONFIG = "section4_process.yaml"


def newest() -> Published | None:
    """Return the last run whose query included all configured countries and days."""
    from common.postgresql import server_from_environment  # late, so that --help stays fast
    from section4.config import ROLES, load_process
    from section4.operator.postgresql_operator import last_run

    query = load_process(CONFIG).query()
    server = server_from_environment("section4", ROLES)
    found = last_run(server, query) if server else None
    return Published(f"{found[0]} was ingested", found[1]) if found else None


def batch_due(now: datetime) -> str | None:
    """Return today's date while no run of today is recorded."""
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
