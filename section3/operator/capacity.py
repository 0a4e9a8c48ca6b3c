"""Runs the capacity model, writes its results and pictures, and shows them."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from common.config import load
from common.errors import JobError, UsageError
from common.progress import Progress
from section3.capacity.check import CASES, Check, check
from section3.capacity.cost import bill
from section3.capacity.facts import Prices
from section3.capacity.knees import knees
from section3.capacity.model import SCENARIOS, Model, Scenario
from section3.capacity.needs import needs
from section3.capacity.outcome import Outcome, simulate
from section3.capacity.report import ends, latencies, sections
from section3.capacity.results import Results, fingerprint
from section3.config import CAPACITY, MODEL, PRICES
from section3.operator.plots import draw

PROCESSES = 2
HIGHEST_RATE = 10**12
Job = tuple[Callable[..., Outcome | Check], tuple[object, ...]]


class ImagesLost(JobError):
    """The simulation ended with images that are neither processed nor dead letters: expired, nowhere or stuck."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        cases = ", ".join(
            f"{one.scenario} at {one.rate:,} ({one.expired} expired, {one.lost} lost, {one.left} left)"
            for one in outcomes
        )
        super().__init__(f"images are lost or stuck: {cases}; nothing was written; see section3/capacity/simulation.py")


def make() -> str:
    """Run everything, write resource/capacity.json and the three pictures, return the tables. Raises: ImagesLost."""
    progress = Progress()
    model, prices = load(Model, MODEL), load(Prices, PRICES)
    with progress.step("simulating"):
        results = computed(model, prices, parameters(), progress)
    failed = [one for one in (*results.outcomes, *results.variants) if one.expired or one.lost or one.left]
    if failed:
        raise ImagesLost(failed)
    with progress.step("drawing"):
        publish(results)
    return "\n\n".join(section.plain() for section in sections(results))


def shown(rate: int | None = None, scenario: str | None = None) -> str:
    """Simulate one rate (else all) and scenario (else all), write nothing, return the tables. Raises: UsageError."""
    progress = Progress()
    model = load(Model, MODEL)
    if rate is not None and not 1 <= rate <= HIGHEST_RATE:
        raise UsageError(f"--rate {rate}: must be from 1 to {HIGHEST_RATE} images a minute")
    if scenario is not None and scenario not in SCENARIOS:
        raise UsageError(f"--scenario {scenario}: is unknown; allowed: {', '.join(SCENARIOS)}")
    chosen = [one for one in SCENARIOS if scenario in (None, one)]
    rates = model.rates if rate is None else (rate,)
    with progress.step("simulating"):
        outcomes = simulated(model, [(one, name) for one in rates for name in chosen], progress)
    results = Results(parameters="", outcomes=tuple(outcomes), variants=(), checks=(), bills=(), knees=(), needs=())
    return "\n\n".join(section.plain() for section in (latencies(results), ends(results)))


def computed(model: Model, prices: Prices, parameters: str, progress: Progress) -> Results:
    """Simulate every scenario at every rate, and compute the rest."""
    jobs: list[Job] = [(simulate, (model, rate, scenario)) for rate in model.rates for scenario in SCENARIOS]
    jobs += [(simulate, (model.changed(one.parts), one.rate, one.scenario, one.change)) for one in model.variants]
    jobs += [(check, (model, workers, busy)) for workers, busy in CASES]
    done = _in_processes(jobs, progress)
    outcomes = [one for one in done if isinstance(one, Outcome)]
    return Results(
        parameters=parameters,
        outcomes=tuple(one for one in outcomes if not one.change),
        variants=tuple(one for one in outcomes if one.change),
        checks=tuple(one for one in done if isinstance(one, Check)),
        bills=tuple(bill(model, prices, rate) for rate in model.rates),
        knees=tuple(knees(model)),
        needs=tuple(needs(model)),
    )


def simulated(model: Model, cases: list[tuple[int, Scenario]], progress: Progress) -> list[Outcome]:
    """Simulate scenarios at rates."""
    done = _in_processes([(simulate, (model, rate, scenario)) for rate, scenario in cases], progress)
    return [one for one in done if isinstance(one, Outcome)]


def parameters() -> str:
    """Return the hash of the files that the results rest on."""
    return fingerprint(MODEL.read_text("utf-8"), PRICES.read_text("utf-8"))


def publish(results: Results) -> None:
    """Write the results, and the pictures of them into the section's folder."""
    text = results.text()
    CAPACITY.parent.mkdir(exist_ok=True)
    CAPACITY.write_text(text, "utf-8")
    draw(results, text)


def read() -> Results:
    """Return the results that were written."""
    return Results.model_validate_json(CAPACITY.read_text("utf-8"))


def _in_processes(jobs: list[Job], progress: Progress) -> list[Outcome | Check]:
    """Run jobs side by side, the last ones first because they are the longest; return results in the jobs' order."""
    tell = progress.bar("simulations")
    with ProcessPoolExecutor(min(PROCESSES, len(jobs)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(function, *arguments) for function, arguments in reversed(jobs)]
        for count, _ in enumerate(as_completed(futures), start=1):
            tell(count, len(jobs))
        return [future.result() for future in reversed(futures)]
