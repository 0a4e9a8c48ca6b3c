"""The simulated write path loses nothing, and waits as theory says where theory knows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config import load
from section3.config import MODEL
from section3.operator.capacity import read
from section3.util.arrivals import Images, arrivals, kafka_lag
from section3.util.check import CASES, STATED_ERROR, check, pure
from section3.util.model import SCENARIOS, Model, Scenario
from section3.util.outcome import Run, run, simulate
from section3.util.queueing import mean_wait_general
from section3.util.simulation import Platform
from section3.util.sizing import planned_tasks

FILE = load(Model, MODEL)
SMALL = FILE.changed({"scenarios": {"minutes": 15, "least_images": 1, "burst": {"start": 3, "length": 3, "factor": 4}}})


def one_by_one(model: Model, count: int, *, poison: bool = False, gap: float = 10) -> Run:
    """Simulate `count` images that come `gap` seconds apart."""
    moments = np.arange(1, count + 1, dtype=np.float64) * np.float64(gap)
    images = Images(moments, moments, np.zeros(count, bool), np.full(count, poison))
    platform = Platform(model, 10, "steady", 1, images, np.random.default_rng(0))
    platform.env.run(until=moments[-1] + 7_200)
    return Run(platform, images)


def without_chance(**queue: object) -> Model:
    """Return the model in which nothing fails by chance."""
    return FILE.changed({"processing": {"transient_share": 0}, "queue": {"duplicate_share": 0} | queue})


@pytest.mark.parametrize(("workers", "busy"), [(1, 0.7), (4, 0.85), (32, 0.85)])
def test_waits_are_those_of_erlang_within_the_stated_error(workers: int, busy: float) -> None:
    assert abs(check(FILE, workers, busy).error) <= STATED_ERROR


def test_committed_waits_are_within_the_stated_error_for_all_numbers_of_workers() -> None:
    checks = read().checks
    assert tuple((one.workers, one.busy) for one in checks) == CASES
    assert all(abs(one.error) <= STATED_ERROR for one in checks)


def test_waits_of_lognormal_times_are_near_allen_and_cunneen() -> None:
    rate = 4 * 0.85 / 1.2
    model = pure(FILE, 0.85, 300_000 / rate / 60, "lognormal")
    waits = run(model, rate * 60, "steady").platform.record.waits
    assert sum(waits) / len(waits) == pytest.approx(mean_wait_general(4, rate, 1.2, cv=0.8), rel=0.05)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_scenario_loses_or_forgets_an_image(scenario: Scenario) -> None:
    outcome = simulate(SMALL, 600, scenario)
    assert (outcome.lost, outcome.left) == (0, 0)
    assert outcome.arrived == outcome.processed + outcome.dead


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rate=st.integers(1, 120),
    scenario=st.sampled_from(SCENARIOS),
    visibility=st.floats(0.5, 90),
    receives=st.integers(1, 4),
    shares=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0, 0.5)),
    zones=st.integers(1, 4),
    until=st.floats(1, 2_400),
    seed=st.integers(0, 9),
)
def test_nothing_is_lost_whenever_one_looks(
    rate: int, scenario: Scenario, visibility: float, receives: int, shares: tuple[float, float, float], zones: int,
    until: float, seed: int,
) -> None:  # fmt: skip
    transient, poison, duplicate = shares
    parts: dict[str, dict[str, Any]] = {
        "queue": {"visibility_seconds": visibility, "max_receives": receives, "duplicate_share": duplicate},
        "processing": {"transient_share": transient},
        "workload": {"poison_share": poison},
        "scaling": {"zones": zones},
    }
    ends = run(SMALL.changed(parts), rate, scenario, seed=seed, until=until).ends()
    assert ends["lost"] == 0
    assert ends["arrived"] == ends["processed"] + ends["dead"] + ends["left"]


def test_a_poison_image_is_received_five_times_and_then_dead() -> None:
    one = one_by_one(without_chance(), 20, poison=True)
    assert one.ends() | {"deliveries": 100, "processed": 0, "dead": 20, "left": 0, "lost": 0} == one.ends()
    assert {message.receives for message in one.platform.record.dead} == {5}


def test_a_good_image_is_received_once() -> None:
    ends = one_by_one(without_chance(), 50).ends()
    assert (ends["deliveries"], ends["processed"], ends["repeated"]) == (50, 50, 0)


def test_a_second_message_about_an_image_changes_nothing() -> None:
    ends = one_by_one(without_chance(duplicate_share=1), 50).ends()
    assert (ends["deliveries"], ends["processed"], ends["repeated"]) == (100, 50, 50)


def test_work_that_outlasts_the_visibility_is_repeated_without_effect() -> None:
    ends = one_by_one(without_chance(visibility_seconds=0.6), 50).ends()
    assert ends["processed"] == 50
    assert ends["repeated"] > 0
    assert ends["deliveries"] == ends["processed"] + ends["repeated"]


def test_a_lost_zone_takes_a_third_of_the_tasks_and_what_they_hold_comes_back() -> None:
    model = SMALL.changed({"processing": {"mean_seconds": 20.0, "transient_share": 0}, "workload": {"poison_share": 0},
                            "queue": {"duplicate_share": 0}})  # fmt: skip
    one = run(model, 60, "zone_outage")
    ends, tasks = one.ends(), planned_tasks(model, 60)
    assert tasks == 30
    assert min(one.timeline().tasks) == 20
    assert 0 < ends["held_by_lost"] <= 10
    assert ends["deliveries"] == ends["arrived"] + ends["held_by_lost"]
    assert (ends["processed"], ends["repeated"], ends["lost"]) == (ends["arrived"], 0, 0)


def test_what_a_lost_task_held_is_done_after_the_visibility_timeout() -> None:
    model = SMALL.changed({"processing": {"transient_share": 0}, "workload": {"poison_share": 0}})
    latencies, _ = run(model, 1000, "zone_outage").latencies(0)
    late = latencies[latencies > 200]
    assert 0 < late.size < 20
    assert ((late > 300) & (late < 360)).all()


def test_a_stopped_sink_delays_what_comes_through_kafka_alone() -> None:
    images = arrivals(FILE, 1000, "kafka_backlog", 1, np.random.default_rng(1))
    delay = images.visible - images.created - FILE.queue.notify_seconds
    assert delay[~images.kafka].max() < 1e-9
    stopped = (images.created >= 600) & (images.created < 1_200) & images.kafka
    assert images.visible[stopped].min() >= 1_200
    gaps = np.diff(np.sort(images.visible[stopped]))
    assert gaps.min() >= 1 / 120 - 1e-9  # three times two units of twenty records a second
    assert kafka_lag(images, np.array([1_200.0, 1_500.0])).tolist() == [
        stopped.sum(),
        3,
    ]  # three are on their way to the queue


def test_the_same_seed_gives_the_same_outcome() -> None:
    assert simulate(SMALL, 300, "burst") == simulate(SMALL, 300, "burst")


def test_more_tasks_run_after_a_burst_and_the_planned_ones_in_the_end() -> None:
    model = FILE.changed({"scenarios": {"drain_minutes": 40}})
    outcome = simulate(model, 1000, "burst")
    assert outcome.most_tasks == 4 * planned_tasks(model, 1000) == 120
    assert outcome.timeline.tasks[-1] == 30
