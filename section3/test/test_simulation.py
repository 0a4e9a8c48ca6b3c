"""The simulated write path loses nothing, and waits as theory says where theory knows."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config import load
from section3.capacity.arrivals import Images, arrivals, kafka_lag
from section3.capacity.check import CASES, STATED_ERROR, check, pure
from section3.capacity.model import SCENARIOS, Model, Scenario
from section3.capacity.outcome import Run, run, simulate
from section3.capacity.simulation import Platform
from section3.capacity.sizing import planned_tasks
from section3.config import MODEL
from section3.operator.capacity import read
from section3.test.theory import mean_wait_general

FILE = load(Model, MODEL)
SMALL = FILE.changed({"scenarios": {"minutes": 15, "least_images": 1, "burst": {"start": 3, "length": 3, "factor": 4}}})


def one_by_one(
    model: Model, count: int, *, poison: bool = False, gap: float = 10, scenario: Scenario = "steady"
) -> Run:
    """Simulate `count` images that come `gap` seconds apart."""
    moments = np.arange(1, count + 1, dtype=np.float64) * np.float64(gap)
    images = Images(moments, moments, np.full(count, np.inf), np.zeros(count, bool), np.full(count, poison))
    platform = Platform(model, 10, scenario, 1, images, np.random.default_rng(0))
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
    assert (outcome.expired, outcome.lost, outcome.left) == (0, 0, 0)
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
    assert ends["expired"] == 0
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


def test_a_sink_that_stands_longer_than_kafka_keeps_loses_what_came_before() -> None:
    """It stands from 600 to 2,100 s; Kafka keeps 900 s: what came from 600 to 1,200 s is gone, all else is there."""
    model = SMALL.changed({
        "scenarios": {"minutes": 40, "kafka_backlog": {"start": 10, "length": 25, "factor": 3}},
        "kafka": {"retention_hours": 0.25},
    })  # fmt: skip
    one = run(model, 600, "kafka_backlog")
    created = one.images.created[one.images.kafka]
    gone = int(((created > 600) & (created <= 1_200)).sum())
    assert gone == pytest.approx(600 * 0.2 * 10, rel=0.1)
    ends = one.ends()
    assert (ends["expired"], ends["left"], ends["lost"]) == (gone, 0, 0)
    assert ends["arrived"] == ends["processed"] + ends["dead"] + gone


def test_what_kafka_will_delete_is_there_until_then() -> None:
    model = SMALL.changed({
        "scenarios": {"minutes": 40, "kafka_backlog": {"start": 10, "length": 25, "factor": 3}},
        "kafka": {"retention_hours": 0.25},
    })  # fmt: skip
    one = run(model, 600, "kafka_backlog", until=1_800)
    created = one.images.created[one.images.kafka]
    assert one.ends()["expired"] == ((created > 600) & (created <= 900)).sum()
    assert one.ends()["lost"] == 0


def test_a_queue_whose_workers_stand_longer_than_it_keeps_loses_what_came_before() -> None:
    """The only zone goes at 186 s, tasks are back about 1,447 s; the queue keeps 900 s: 190, 200 ... 540 s are gone."""
    model = without_chance(retention_hours=0.25).changed({
        "scaling": {"zones": 1, "detect_seconds": 1_200, "backlog_per_task": 1e6},  # and nothing is added meanwhile
        "scenarios": {"zone_outage": {"start": 3.1, "length": 30}},
    })  # fmt: skip
    ends = one_by_one(model, 200, scenario="zone_outage").ends()
    assert (ends["processed"], ends["expired"]) == (200 - 36, 36)
    assert (ends["dead"], ends["left"], ends["lost"]) == (0, 0, 0)


def test_a_message_is_gone_that_comes_back_too_late() -> None:
    """A poison image comes back every 300 s: after 900 s it has been received three times and is no dead letter."""
    ends = one_by_one(without_chance(retention_hours=0.25), 20, poison=True).ends()
    assert (ends["deliveries"], ends["dead"], ends["expired"]) == (60, 0, 20)


def test_tasks_go_a_tenth_at_a_time_and_not_below_the_minimum() -> None:
    model = SMALL.changed({"scaling": {"minimum_tasks": 3, "maximum_tasks": 60}, "scenarios": {"minutes": 60}})
    tasks = run(model, 1_000, "steady").timeline().tasks
    most = tasks.index(60)
    fewer = [after for before, after in zip(tasks[most:], tasks[most + 1 :], strict=False) if after < before]
    assert fewer[:5] == [54, 49, 45, 41, 37]
    assert min(tasks) == 3


def test_scaling_in_at_once_drops_to_the_minimum_of_an_empty_queue() -> None:
    model = SMALL.changed({
        "scaling": {"minimum_tasks": 3, "maximum_tasks": 60, "in_share": 1}, "scenarios": {"minutes": 60},
    })  # fmt: skip
    tasks = run(model, 1_000, "steady").timeline().tasks
    most = tasks.index(60)
    assert next(after for after in tasks[most:] if after < 60) == 3


def test_the_same_seed_gives_the_same_outcome() -> None:
    assert simulate(SMALL, 300, "burst") == simulate(SMALL, 300, "burst")


def test_more_tasks_run_after_a_burst_and_the_planned_ones_in_the_end() -> None:
    model = FILE.changed({"scenarios": {"drain_minutes": 90}})
    outcome = simulate(model, 1000, "burst")
    assert outcome.most_tasks == 4 * planned_tasks(model, 1000) == 120
    assert outcome.timeline.tasks[-1] == 30
