"""The simulated write path loses no image, and its waits match queueing theory."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.config import load
from section3.capacity.arrivals import Images, arrivals, kafka_lag
from section3.capacity.model import SCENARIOS, Model, Scenario
from section3.capacity.queueing import mean_wait_general
from section3.capacity.scenario import Run, run, simulate
from section3.capacity.simulation import Platform
from section3.capacity.sizing import planned_tasks
from section3.capacity.validation import CASES, TOLERANCE, simplified, validate
from section3.config import MODEL
from section3.operator.results import read_results

PARAMETERS = load(Model, MODEL)
BURST = {"start": 3, "length": 3, "factor": 4}
SMALL = PARAMETERS.changed({"scenarios": {"minutes": 15, "least_images": 1, "burst": BURST}})
LONG_BACKLOG = SMALL.changed(
    {
        "scenarios": {"minutes": 40, "kafka_backlog": {"start": 10, "length": 25, "factor": 3}},
        "kafka": {"retention_hours": 0.25},
    }
)


def evenly_spaced(model: Model, count: int, *, poison: bool = False, scenario: Scenario = "steady") -> Run:
    """Simulate `count` images that arrive 10 seconds apart."""
    moments = np.arange(1, count + 1, dtype=np.float64) * 10
    images = Images(moments, moments, np.full(count, np.inf), np.zeros(count, bool), np.full(count, poison))
    platform = Platform(model, 10, scenario, 1, images, np.random.default_rng(0))
    platform.env.run(until=moments[-1] + 7_200)
    return Run(platform, images)


def deterministic(**queue: object) -> Model:
    """Return the model without random failures and duplicates."""
    return PARAMETERS.changed({"processing": {"transient_share": 0}, "queue": {"duplicate_share": 0} | queue})


@pytest.mark.integration
@pytest.mark.parametrize(("workers", "busy"), [(1, 0.7), (4, 0.85), (32, 0.85)])
def test_waits_match_erlang_within_the_tolerance(workers: int, busy: float) -> None:
    assert abs(validate(PARAMETERS, workers, busy).error) <= TOLERANCE


def test_committed_waits_match_erlang_for_all_cases() -> None:
    checks = read_results().checks
    assert tuple((one.workers, one.busy) for one in checks) == CASES
    assert all(abs(one.error) <= TOLERANCE for one in checks)


@pytest.mark.integration
def test_waits_of_lognormal_times_match_allen_cunneen() -> None:
    rate = 4 * 0.85 / 1.2
    model = simplified(PARAMETERS, 0.85, 300_000 / rate / 60, "lognormal")
    waits = run(model, rate * 60, "steady").platform.record.waits
    assert sum(waits) / len(waits) == pytest.approx(mean_wait_general(4, rate, 1.2, cv=0.8), rel=0.05)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_scenario_loses_an_image(scenario: Scenario) -> None:
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
def test_no_image_is_lost_at_any_moment(
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
    assert (ends["lost"], ends["expired"]) == (0, 0)
    assert ends["arrived"] == ends["processed"] + ends["dead"] + ends["left"]


@pytest.mark.parametrize(
    ("queue", "deliveries", "repeated"),
    [({}, 50, 0), ({"duplicate_share": 1}, 100, 50)],
    ids=["once", "duplicates"],
)
def test_each_image_is_processed_once(queue: dict[str, float], deliveries: int, repeated: int) -> None:
    ends = evenly_spaced(deterministic(**queue), 50).ends()
    assert (ends["deliveries"], ends["processed"], ends["repeated"]) == (deliveries, 50, repeated)


def test_poison_image_is_received_five_times_then_dead() -> None:
    finished = evenly_spaced(deterministic(), 20, poison=True)
    ends = finished.ends()
    assert (ends["deliveries"], ends["processed"], ends["dead"], ends["left"], ends["lost"]) == (100, 0, 20, 0, 0)
    assert {message.receives for message in finished.platform.record.dead} == {5}


def test_work_longer_than_the_visibility_timeout_is_repeated() -> None:
    ends = evenly_spaced(deterministic(visibility_seconds=0.6), 50).ends()
    assert ends["processed"] == 50
    assert ends["repeated"] > 0
    assert ends["deliveries"] == ends["processed"] + ends["repeated"]


def test_lost_zone_stops_a_third_of_the_tasks_and_loses_nothing() -> None:
    changes: dict[str, dict[str, Any]] = {
        "processing": {"mean_seconds": 20.0, "transient_share": 0},
        "workload": {"poison_share": 0},
        "queue": {"duplicate_share": 0},
    }
    model = SMALL.changed(changes)
    finished = run(model, 60, "zone_outage")
    ends = finished.ends()
    assert (planned_tasks(model, 60), min(finished.timeline().tasks)) == (30, 20)
    assert 0 < ends["held_by_lost"] <= 10
    assert ends["deliveries"] == ends["arrived"] + ends["held_by_lost"]
    assert (ends["processed"], ends["repeated"], ends["lost"]) == (ends["arrived"], 0, 0)


def test_messages_of_lost_tasks_are_processed_after_the_timeout() -> None:
    model = SMALL.changed({"processing": {"transient_share": 0}, "workload": {"poison_share": 0}})
    latencies, _ = run(model, 1000, "zone_outage").latencies(0)
    late = latencies[latencies > 200]
    assert 0 < late.size < 20
    assert ((late > 300) & (late < 360)).all()


def test_stopped_sink_delays_only_kafka_images() -> None:
    images = arrivals(PARAMETERS, 1000, "kafka_backlog", 1, np.random.default_rng(1))
    delay = images.visible - images.created - PARAMETERS.queue.notify_seconds
    assert delay[~images.kafka].max() < 1e-9
    stopped = (images.created >= 600) & (images.created < 1_200) & images.kafka
    assert images.visible[stopped].min() >= 1_200
    gaps = np.diff(np.sort(images.visible[stopped]))
    assert gaps.min() >= 1 / 120 - 1e-9  # three times two units of twenty records a second
    in_transit = 3
    assert kafka_lag(images, np.array([1_200.0, 1_500.0])).tolist() == [stopped.sum(), in_transit]


def test_sink_stopped_longer_than_kafkas_retention_loses_old_records() -> None:
    """The sink is stopped from 600 to 2,100 s with a retention of 900 s: records from 600 to 1,200 s expire."""
    finished = run(LONG_BACKLOG, 600, "kafka_backlog")
    created = finished.images.created[finished.images.kafka]
    expired = int(((created > 600) & (created <= 1_200)).sum())
    assert expired == pytest.approx(600 * 0.2 * 10, rel=0.1)
    ends = finished.ends()
    assert (ends["expired"], ends["left"], ends["lost"]) == (expired, 0, 0)
    assert ends["arrived"] == ends["processed"] + ends["dead"] + expired


def test_kafka_records_exist_until_their_retention_ends() -> None:
    finished = run(LONG_BACKLOG, 600, "kafka_backlog", until=1_800)
    created = finished.images.created[finished.images.kafka]
    assert finished.ends()["expired"] == ((created > 600) & (created <= 900)).sum()
    assert finished.ends()["lost"] == 0


def test_messages_older_than_the_queues_retention_expire() -> None:
    """The only zone fails at 186 s, tasks return at 1,447 s; the queue keeps 900 s: 190, 200 ... 540 s expire."""
    model = deterministic(retention_hours=0.25).changed(
        {
            "scaling": {"zones": 1, "detect_seconds": 1_200, "backlog_per_task": 1e6},  # no scaling meanwhile
            "scenarios": {"zone_outage": {"start": 3.1, "length": 30}},
        }
    )
    ends = evenly_spaced(model, 200, scenario="zone_outage").ends()
    assert (ends["processed"], ends["expired"]) == (200 - 36, 36)
    assert (ends["dead"], ends["left"], ends["lost"]) == (0, 0, 0)


def test_message_that_returns_after_its_retention_expires() -> None:
    """A poison image returns every 300 s: after 900 s it has three receives and is not a dead letter."""
    ends = evenly_spaced(deterministic(retention_hours=0.25), 20, poison=True).ends()
    assert (ends["deliveries"], ends["dead"], ends["expired"]) == (60, 0, 20)


@pytest.mark.parametrize(("in_share", "steps"), [(0.1, [54, 49, 45, 41, 37]), (1, [3])])
def test_scale_in_removes_a_share_of_tasks_down_to_the_minimum(in_share: float, steps: list[int]) -> None:
    scaling = {"minimum_tasks": 3, "maximum_tasks": 60, "in_share": in_share}
    tasks = run(SMALL.changed({"scaling": scaling, "scenarios": {"minutes": 60}}), 1_000, "steady").timeline().tasks
    most = tasks.index(60)
    fewer = [after for before, after in zip(tasks[most:], tasks[most + 1 :], strict=False) if after < before]
    assert fewer[: len(steps)] == steps
    assert min(tasks) == 3


def test_same_seed_gives_the_same_outcome() -> None:
    assert simulate(SMALL, 300, "burst") == simulate(SMALL, 300, "burst")


def test_burst_scales_out_and_back_to_the_planned_tasks() -> None:
    model = PARAMETERS.changed({"scenarios": {"drain_minutes": 90}})
    outcome = simulate(model, 1000, "burst")
    assert outcome.most_tasks == 4 * planned_tasks(model, 1000) == 120
    assert outcome.timeline.tasks[-1] == 30
