"""Changes the modules that publish, load and decide in one small way after the other, and counts what tests notice."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from common.embedded_postgresql import serving
from common.errors import JobError
from common.results import table
from proof import ROOT, mutants
from proof.equivalents import EQUIVALENTS
from proof.modules import TESTS
from proof.mutants import Mutant

WORKERS = 2
LONGEST = 300  # seconds of the processor, for tests of an unchanged module
LEAST_SCORE = 90  # per cent, of every module
UNUSED_PLUGINS = ("anyio", "cacheprovider", "faker", "xdist")  # they take a quarter of a second to start
NOT_COPIED = shutil.ignore_patterns(".venv", ".git", ".local", ".*_cache")  # what is compiled stays valid


ABOUT = (
    "Each module was changed in one small way after the other: a comparison shifted, `and` made `or`, a condition "
    "dropped or fixed, a constant changed, a statement, a handler or a `finally` removed. A change is caught when one "
    "of the module's tests fails or does not end."
)


class FailAnyway(JobError):
    """Tests that fail without any change tell nothing of changes."""

    def __init__(self, module: str, tests: Sequence[str], code: int | None) -> None:
        super().__init__(f"{module}: its tests end with {code} before anything is changed: {' '.join(tests)}")


class Unnoticed(JobError):
    """Too many changes are not noticed, or what is said of some is not true."""

    def __init__(self, wrong: Sequence[str]) -> None:
        super().__init__("; ".join(wrong))


@dataclass(frozen=True)
class Result:
    """What became of the mutants of a module."""

    module: str
    mutants: int
    endless: int
    survivors: tuple[str, ...]

    @property
    def equivalents(self) -> set[str]:
        """The survivors that change nothing that anybody can see, as is known."""
        return {change for change in self.survivors if (self.module, change) in EQUIVALENTS}

    @property
    def caught(self) -> int:
        """How many are noticed."""
        return self.mutants - len(self.survivors)

    @property
    def score(self) -> float:
        """How many per cent of those that change something are noticed."""
        return 100 * self.caught / (self.mutants - len(self.equivalents))


class Worker:
    """A copy of the project of one's own, with a process that runs tests in it and a server for their databases."""

    def __init__(self, tree: Path, sockets: Path) -> None:
        unused = [part for plugin in UNUSED_PLUGINS for part in ("-p", f"no:{plugin}")]
        self._tree, self._options = tree, [f"--server={sockets}", "-x", "--assert=plain", *unused]
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "proof.forks"]
        self.process = subprocess.Popen(
            command, cwd=self._tree, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(self, tests: Sequence[str], seconds: int) -> tuple[int | None, float]:
        """Run tests; return pytest's exit code, None when they took longer, and the seconds of the processor."""
        order = json.dumps([[*self._options, *tests], seconds])
        answer = self._answer(order)
        if not answer:  # the process was killed, by a test or by anybody
            self.close()
            self._start()
            answer = self._answer(order)
        code, used = json.loads(answer)
        return code, used

    def _answer(self, order: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        with suppress(BrokenPipeError):
            print(order, file=self.process.stdin, flush=True)
        return self.process.stdout.readline()

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()

    @contextmanager
    def changed(self, module: str, text: str) -> Iterator[None]:
        """Let the module have this text while the body runs."""
        path = self._tree / module
        original = path.read_bytes()
        for cached in path.parent.glob(f"__pycache__/{path.stem}.*"):
            cached.unlink()
        path.write_text(text, encoding="utf-8")
        try:
            yield
        finally:
            path.write_bytes(original)


@contextmanager
def workers(root: Path = ROOT, number: int = WORKERS) -> Iterator[list[Worker]]:
    """Give workers while the body runs, each with a copy of the project in `root`."""
    with ExitStack() as stack:
        made = []
        for _ in range(number):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutations-")))
            shutil.copytree(root, folder / "tree", ignore=NOT_COPIED)
            quick = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            sockets = stack.enter_context(serving(folder / "data", quick))
            made.append(stack.enter_context(closing(Worker(folder / "tree", sockets))))
        yield made


def mutants_of(module: str, root: Path = ROOT) -> list[Mutant]:
    """Return all mutants of a module."""
    text = (root / module).read_text(encoding="utf-8")
    if module.endswith(".py"):
        return list(mutants.mutants(text))
    from proof import sql_mutants  # takes a while to import, and `--help` does not need it

    return list(sql_mutants.mutants(text, "spark"))


def ended(
    idle: Sequence[Worker], module: str, changes: Sequence[Mutant], tests: Sequence[str], tell: Callable[[str], None]
) -> list[int | None]:
    """Return how the tests end with each mutant: 0 when none notices, None when they do not end. Raises: FailAnyway."""
    queue: SimpleQueue[Worker] = SimpleQueue()
    for worker in idle:
        queue.put(worker)
    code, used = idle[0].run(tests, LONGEST)
    if code != 0:
        raise FailAnyway(module, tests, code)

    def end(mutant: Mutant) -> int | None:
        worker = queue.get()
        try:
            with worker.changed(module, mutant.text):
                code, _ = worker.run(tests, 3 + round(3 * used))
        finally:
            queue.put(worker)
        if code == 0:
            tell(f"{module}:{mutant.line}: {mutant.change}")
        return code

    with ThreadPoolExecutor(len(idle)) as pool:
        return list(pool.map(end, changes))


def prove() -> str:
    """Change every module in every way; return a report in Markdown. Raises: FailAnyway, Unnoticed."""
    started, results = time.monotonic(), []
    with workers() as idle:
        for module, tests in TESTS.items():
            changes = mutants_of(module)
            codes = ended(idle, module, changes, tests, tell=lambda line: print(f"survives: {line}", flush=True))
            alive = tuple(mutant.change for mutant, code in zip(changes, codes, strict=True) if code == 0)
            results.append(Result(module, len(changes), codes.count(None), alive))
            print(f"{module}: {results[-1].score:.1f} %, {time.monotonic() - started:,.0f} s so far", flush=True)
    if wrong := wrongs(results):
        raise Unnoticed(wrong)
    return report(results, time.monotonic() - started)


def wrongs(results: Sequence[Result]) -> list[str]:
    """Return what is not as it should be."""
    low = [f"{one.module}: {one.score:.1f} % is below {LEAST_SCORE} %" for one in results if one.score < LEAST_SCORE]
    seen = {(one.module, change) for one in results for change in one.equivalents}
    untrue = [
        f"{module}: this is noticed, or is no change of it: {change}" for module, change in EQUIVALENTS.keys() - seen
    ]
    return low + untrue


def report(results: Sequence[Result], seconds: float) -> str:
    """Return the figures, and what nobody can see, in Markdown."""
    header = ["module", "mutants", "caught", "of them endless", "equivalent", "score"]
    rows = [(one.mutants, one.caught, one.endless, len(one.equivalents)) for one in results]
    all_of_them = mutants, caught, _, equivalent = tuple(map(sum, zip(*rows, strict=True)))
    scores = [*(one.score for one in results), 100 * caught / (mutants - equivalent)]
    names = [*(f"`{one.module}`" for one in results), "all"]
    figures = [
        [name, *(f"{number:,}" for number in row), f"{score:.1f} %"]
        for name, row, score in zip(names, [*rows, all_of_them], scores, strict=True)
    ]
    same = [[f"`{module}`", f"`{change}`", why] for (module, change), why in EQUIVALENTS.items()]
    return "\n\n".join(
        [
            f"{ABOUT} In {seconds:,.0f} s with {WORKERS} processes.",
            table(header, figures),
            "Equivalent: changes that nobody can see, each with its reason.",
            table(["module", "change", "why nobody can see it"], same),
        ]
    )
