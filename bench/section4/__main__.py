"""Benchmark of section 4: loads files of the size of Johns Hopkins', compared with psql and execute_values."""

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench import EXIT_CODES, RESULTS
from bench.measure import Measurement, Spread, measure
from bench.section4.files import ROWS, write_files
from common import cli
from common.database import create_database
from common.embedded_postgresql import binaries, serving
from common.paths import ROOT
from common.postgresql import Server
from common.results import origin, table, write_section
from section4.config import CONF
from section4.main import create

HERE = Path(__file__).parent
CLUSTER = ROOT / ".local" / "bench" / "section4" / "cluster"
ROUNDS = 5
MAX_RATIO, MAX_MB = 2.0, 200.0
LOADS = ("first load", "unchanged, again")
JOB, PSQL, VALUES, PARSE = "the job", "psql", "execute_values", "parsing"
Runs = dict[tuple[str, str], list[Measurement]]
SUMS: set[tuple[int, int]] = set()  # of cases and deaths, as loaded by each contender


def main() -> None:
    arguments = cli.Parser(
        description="Load files of the size of Johns Hopkins' twice, and compare the job with psql and execute_values.",
        example=".venv/bin/python -m bench.section4",
        exit_codes=EXIT_CODES,
    )
    arguments.parse_args()
    cli.run(benchmark)


def benchmark() -> int:
    """Run all contenders and write the figures to RESULTS.md. Return the exit code."""
    with tempfile.TemporaryDirectory() as directory:
        body = report(*run_contenders(Path(directory)))
    write_section(RESULTS, "Section 4", body)
    print(f"{body}\n\nwrote {RESULTS}")
    return 0


def run_contenders(directory: Path) -> tuple[Runs, int]:
    """Return the runs of each contender and the number of country-days that each loads."""
    days = write_files(directory)
    runs: Runs = defaultdict(list)
    with serving(CLUSTER, {"max_wal_size": "4GB"}) as sockets, web(directory) as address:
        at = Server(host=str(sockets), database="postgres")
        for _ in range(ROUNDS):
            add(runs, (PARSE, ""), measure([sys.executable, str(HERE / "parse.py"), "."], directory))
            for name, command in contenders(directory, address).items():
                server = new_database(at)
                for time in LOADS:
                    add(runs, (name, time), measure(command(server), directory))
                require_same_rows(server, days)
    return runs, days


def add(runs: Runs, key: tuple[str, str], ran: Measurement) -> None:
    """Add a run, which must have succeeded, and print it."""
    if ran.failure:
        raise RuntimeError(f"{' '.join(key)}: {ran.failure}: {ran.last_line}")
    runs[key].append(ran)
    print(f"{' '.join(key)}: {ran.wall:.2f} s, {ran.peak_bytes / 1e6:.0f} MB", flush=True)


def contenders(directory: Path, address: str) -> dict[str, Callable[[Server], list[str]]]:
    """Return for each contender a function that builds its command for a server."""
    process = re.sub(
        r"(?m)^  jhu: .*$", f"  jhu: {address}/jhu_{{series}}.csv", (CONF / "section4_process.yaml").read_text()
    )
    (directory / "process.yaml").write_text(process)

    def job(server: Server) -> list[str]:
        (directory / "postgresql.yaml").write_text(f"host: {server.host}\ndatabase: {server.database}\n")
        command = [sys.executable, str(ROOT / "section4_manage.py"), "--task-config", "process.yaml"]
        return [*command, "--postgresql-config", "postgresql.yaml", "--source", "jhu", "--country", "all"]

    def psql(server: Server) -> list[str]:
        tools = binaries()
        assert tools
        command = [str(tools / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction"]
        where = [f"--host={server.host}", "--username=postgres", f"--dbname={server.database}"]
        return [*command, *where, "--file", str(HERE / "psql_load.sql")]

    def values(server: Server) -> list[str]:
        return [sys.executable, str(HERE / "values.py"), ".", server.host, server.database]

    return {JOB: job, PSQL: psql, VALUES: values}


def new_database(at: Server) -> Server:
    """Return a new database with all migrations, which replaces the one of the previous contender."""
    with at.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("drop database if exists covid with (force)")
    create_database(at, "covid")
    server = at.model_copy(update={"database": "covid"})
    create(server)
    return server


def require_same_rows(server: Server, days: int) -> None:
    """Require one row per country and day, and the same sums from every contender."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select count(*), sum(cases_total), sum(deaths_total) from covid.daily_cases")
        [(rows, cases, deaths)] = cursor.fetchall()
    assert rows == days, rows
    SUMS.add((cases, deaths))
    assert len(SUMS) == 1, SUMS


@contextmanager
def web(directory: Path) -> Iterator[str]:
    """Serve the directory over HTTP while the body runs, and yield its address."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        found = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert found
        try:
            yield found[0]
        finally:
            server.terminate()


def report(runs: Runs, days: int) -> str:
    """Return the figures and targets as Markdown."""
    rows = [
        [f"{name}, {time}".strip(", "), _spread(taken, "wall"), _spread(taken, "cpu"), _peak(taken)]
        for (name, time), taken in runs.items()
    ]
    measured = table(["", "seconds", "CPU seconds", "peak MB"], rows)
    intro = f"{ROWS} rows per series, {days:,} country-days. The server's CPU time is not included."
    packages = ["psycopg2-binary", "requests"]
    return "\n\n".join([intro, measured, targets(runs), origin(packages, postgresql="18")])


def targets(runs: Runs) -> str:
    rows = []
    parsing = median(run.wall for run in runs[PARSE, ""])
    for time in LOADS:
        ratios = [job.wall / (bare.wall + parsing) for job, bare in zip(runs[JOB, time], runs[PSQL, time], strict=True)]
        rows.append([f"job / (psql + parsing), {time}", f"at most {MAX_RATIO:g}", *_verdict(median(ratios), MAX_RATIO)])
    most = max(run.peak_bytes for time in LOADS for run in runs[JOB, time]) / 1e6
    rows.append(["job, peak MB", f"at most {MAX_MB:g}", *_verdict(most, MAX_MB)])
    for time in LOADS:
        ratio = median(job.wall / other.wall for job, other in zip(runs[JOB, time], runs[VALUES, time], strict=True))
        rows.append([f"job / execute_values, {time}", "", f"{ratio:.2f}", ""])
    return table(["target", "limit", "measured", ""], rows)


def _verdict(value: float, most: float) -> tuple[str, str]:
    return f"{value:.2f}", "pass" if value <= most else "FAIL"


def _spread(runs: list[Measurement], what: str) -> str:
    return Spread.of([getattr(run, what) for run in runs]).text()


def _peak(runs: list[Measurement]) -> str:
    return f"{max(run.peak_bytes for run in runs) / 1e6:.0f}"


if __name__ == "__main__":
    main()
