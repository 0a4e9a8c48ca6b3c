"""Section 4's benchmark: all countries of files of Johns Hopkins' size, against psql doing the bare work."""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from bench import RESULTS
from bench.measure import Measurement, Spread, measure
from bench.section4.files import ROWS, write_files
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
MOST_RATIO, MOST_MB = 2.0, 200.0
TIMES = ("first load", "unchanged, again")
JOB, PSQL, VALUES, PARSE = "the job", "psql", "execute_values", "parsing"
Runs = dict[tuple[str, str], list[Measurement]]


def main() -> None:
    """Measure, and say what came of it."""
    argparse.ArgumentParser(
        prog="python -m bench.section4",
        description="Load a file of Johns Hopkins' size, first and again, against psql doing the bare work.",
        epilog="example: .venv/bin/python -m bench.section4",
    ).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        body = benchmark(Path(folder))
    write_section(RESULTS, "Section 4", body)
    print(f"{body}\n\nwrote {RESULTS}")


def benchmark(folder: Path) -> str:
    """Return what was measured."""
    days = write_files(folder)
    runs: Runs = defaultdict(list)
    with serving(CLUSTER, {"max_wal_size": "4GB"}) as sockets, web(folder) as address:
        at = Server(host=str(sockets), database="postgres")
        for _ in range(ROUNDS):
            note(runs, (PARSE, ""), measure([sys.executable, str(HERE / "parse.py"), "."], folder))
            for name, command in contenders(folder, address).items():
                server = fresh(at)
                for time in TIMES:
                    note(runs, (name, time), measure(command(server), folder))
                require(server, days)
    return told(runs, days)


def note(runs: Runs, key: tuple[str, str], ran: Measurement) -> None:
    """Keep a run, which must have gone well, and show it."""
    if ran.failure:
        raise RuntimeError(f"{' '.join(key)}: {ran.failure}: {ran.last_words}")
    runs[key].append(ran)
    print(f"{' '.join(key)}: {ran.wall:.2f} s, {ran.peak_bytes / 1e6:.0f} MB", flush=True)


def contenders(folder: Path, address: str) -> dict[str, Callable[[Server], list[str]]]:
    """Return what loads, by its name, as a command for a server."""
    process = re.sub(
        r"(?m)^  jhu: .*$", f"  jhu: {address}/jhu_{{series}}.csv", (CONF / "section4_process.yaml").read_text()
    )
    (folder / "process.yaml").write_text(process)

    def job(server: Server) -> list[str]:
        (folder / "postgresql.yaml").write_text(f"host: {server.host}\ndatabase: {server.database}\n")
        command = [sys.executable, str(ROOT / "section4_manage.py"), "--task-config", "process.yaml"]
        return [*command, "--postgresql-config", "postgresql.yaml", "--source", "jhu", "--country", "all"]

    def psql(server: Server) -> list[str]:
        tools = binaries()
        assert tools
        command = [str(tools / "psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--single-transaction"]
        where = [f"--host={server.host}", "--username=postgres", f"--dbname={server.database}"]
        return [*command, *where, "--file", str(HERE / "bare.sql")]

    def values(server: Server) -> list[str]:
        return [sys.executable, str(HERE / "values.py"), ".", server.host, server.database]

    return {JOB: job, PSQL: psql, VALUES: values}


def fresh(at: Server) -> Server:
    """Return an empty database of the newest version."""
    with at.connected() as connection, connection.cursor() as cursor:
        connection.autocommit = True
        cursor.execute("drop database if exists covid with (force)")
    create_database(at, "covid")
    server = at.model_copy(update={"database": "covid"})
    create(server)
    return server


def require(server: Server, days: int) -> None:
    """All must have loaded the same: a row a day, and none twice."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute("select count(*), sum(cases_total), sum(deaths_total) from covid.daily_cases")
        [(rows, cases, deaths)] = cursor.fetchall()
    assert rows == days, rows
    SUMS.add((cases, deaths))
    assert len(SUMS) == 1, SUMS


SUMS: set[tuple[int, int]] = set()


@contextmanager
def web(folder: Path) -> Iterator[str]:
    """Serve the folder while the body runs; gives the address."""
    command = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout
        found = re.search(r"http://[\d.]+:\d+", server.stdout.readline())
        assert found
        try:
            yield found[0]
        finally:
            server.terminate()


def told(runs: Runs, days: int) -> str:
    """Return the tables."""
    rows = [
        [f"{name}, {time}".strip(", "), _spread(its, "wall"), _spread(its, "cpu"), _peak(its)]
        for (name, time), its in runs.items()
    ]
    measured = table(["", "seconds", "CPU seconds", "peak MB"], rows)
    intro = f"{ROWS} rows a series, {days:,} country-days. The CPU of the server is not in these."
    packages = ["psycopg2-binary", "requests"]
    return "\n\n".join([intro, measured, targets(runs), origin(packages, postgresql="18")])


def targets(runs: Runs) -> str:
    """Return what was to be reached, and what was."""
    rows = []
    parsing = median(run.wall for run in runs[PARSE, ""])
    for time in TIMES:
        ratios = [job.wall / (bare.wall + parsing) for job, bare in zip(runs[JOB, time], runs[PSQL, time], strict=True)]
        rows.append(
            [f"job / (psql + parsing), {time}", f"at most {MOST_RATIO:g}", *_verdict(median(ratios), MOST_RATIO)]
        )
    most = max(run.peak_bytes for time in TIMES for run in runs[JOB, time]) / 1e6
    rows.append(["job, peak MB", f"at most {MOST_MB:g}", *_verdict(most, MOST_MB)])
    for time in TIMES:
        ratio = median(job.wall / other.wall for job, other in zip(runs[JOB, time], runs[VALUES, time], strict=True))
        rows.append([f"job / execute_values, {time}", "", f"{ratio:.2f}", ""])
    return table(["target", "is", "measured", ""], rows)


def _verdict(value: float, most: float) -> tuple[str, str]:
    return f"{value:.2f}", "pass" if value <= most else "FAIL"


def _spread(runs: list[Measurement], what: str) -> str:
    spread = Spread.of([getattr(run, what) for run in runs])
    return f"{spread.median:.2f} ({spread.low:.2f}–{spread.high:.2f})"


def _peak(runs: list[Measurement]) -> str:
    return f"{max(run.peak_bytes for run in runs) / 1e6:.0f}"


if __name__ == "__main__":
    main()
