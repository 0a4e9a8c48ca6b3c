"""The capacity simulation: run the model, write the results, return tables for the terminal."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from common.config import load
from common.errors import JobError, UsageError
from common.progress import Progress
from section3.capacity.bottlenecks import bottlenecks
from section3.capacity.cost import bill
from section3.capacity.model import SCENARIOS, Model
from section3.capacity.quotas_and_prices import Prices
from section3.capacity.report import ends, latencies, tables
from section3.capacity.required_parameters import required_parameters
from section3.capacity.results import Results
from section3.capacity.scenario import Outcome, simulate
from section3.capacity.validation import CASES, Validation, validate
from section3.config import MODEL, PRICES
from section3.operator.results import parameters_hash, write_results

PROCESSES = 2
HIGHEST_RATE = 10**12
Job = tuple[Callable[..., Outcome | Validation], tuple[object, ...]]


class ImagesLost(JobError):
    """The simulation ended with images that are neither processed nor dead letters."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        cases = ", ".join(
            f"{outcome.scenario} at {outcome.rate:,} ({outcome.expired} expired, {outcome.lost} lost, "
            f"{outcome.left} left)"
            for outcome in outcomes
        )
        super().__init__(f"simulation lost images: {cases}. Nothing was written. See section3/capacity/simulation.py.")


def simulate_all() -> str:
    """Run the whole model, write resource/capacity.json and the three plots, return all tables. Raises: ImagesLost."""
    progress = Progress()
    model, prices = load(Model, MODEL), load(Prices, PRICES)
    with progress.step("simulating"):
        results = compute(model, prices, progress)
    failed = [
        outcome for outcome in (*results.outcomes, *results.variants) if outcome.expired or outcome.lost or outcome.left
    ]
    if failed:
        raise ImagesLost(failed)
    with progress.step("drawing"):
        write_results(results)
    return "\n\n".join(table.plain() for table in tables(results))


def simulate_selected(rate: int | None = None, scenario: str | None = None) -> str:
    """Simulate the selected rate and scenario (None: all), write nothing, return two tables. Raises: UsageError."""
    progress = Progress()
    model = load(Model, MODEL)
    if rate is not None and not 1 <= rate <= HIGHEST_RATE:
        raise UsageError(f"--rate: expected 1 to {HIGHEST_RATE} images per minute, got {rate}.")
    if scenario is not None and scenario not in SCENARIOS:
        raise UsageError(f"--scenario: expected one of {', '.join(SCENARIOS)}, got '{scenario}'.")
    scenarios = [name for name in SCENARIOS if scenario in (None, name)]
    rates = model.rates if rate is None else (rate,)
    jobs: list[Job] = [(simulate, (model, chosen, name)) for chosen in rates for name in scenarios]
    with progress.step("simulating"):
        outcomes = [outcome for outcome in _in_processes(jobs, progress) if isinstance(outcome, Outcome)]
    results = Results(outcomes=tuple(outcomes))
    return "\n\n".join(table.plain() for table in (latencies(results), ends(results)))


def compute(model: Model, prices: Prices, progress: Progress) -> Results:
    """Simulate every scenario at every rate and every variant, and calculate costs and limits."""
    jobs: list[Job] = [(simulate, (model, rate, scenario)) for rate in model.rates for scenario in SCENARIOS]
    jobs += [
        (simulate, (model.changed(variant.parts), variant.rate, variant.scenario, variant.change))
        for variant in model.variants
    ]
    jobs += [(validate, (model, workers, busy)) for workers, busy in CASES]
    done = _in_processes(jobs, progress)
    outcomes = [result for result in done if isinstance(result, Outcome)]
    return Results(
        parameters=parameters_hash(),
        outcomes=tuple(outcome for outcome in outcomes if not outcome.change),
        variants=tuple(outcome for outcome in outcomes if outcome.change),
        checks=tuple(result for result in done if isinstance(result, Validation)),
        bills=tuple(bill(model, prices, rate) for rate in model.rates),
        bottlenecks=tuple(bottlenecks(model)),
        required_parameters=tuple(required_parameters(model)),
    )


def _in_processes(jobs: list[Job], progress: Progress) -> list[Outcome | Validation]:
    """Run jobs in parallel, from the last (longest) to the first; return results in the order of the jobs."""
    update = progress.bar("simulations")
    with ProcessPoolExecutor(min(PROCESSES, len(jobs)), mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(function, *arguments) for function, arguments in reversed(jobs)]
        for count, _ in enumerate(as_completed(futures), start=1):
            update(count, len(jobs))
        return [future.result() for future in reversed(futures)]
