"""Arrival times of images and of their messages, by scenario."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from section3.capacity.model import Model, Scenario
from section3.capacity.sizing import sink_units

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Images:
    """Images, sorted by the time at which their messages become visible. Times are in seconds; infinity means never."""

    created: Floats
    visible: Floats
    expires: Floats  # when Kafka deletes a record that the sink has not read
    kafka: NDArray[np.bool_]
    poison: NDArray[np.bool_]


def arrivals(model: Model, rate: float, scenario: Scenario, parts: int, rng: np.random.Generator) -> Images:
    """Draw arrivals at `rate` images per minute: one of `parts` equal parts of the whole system."""
    end = model.scenarios.minutes * 60
    created = _poisson(rate / 60, 0, end, rng)
    if scenario == "burst":
        burst = model.scenarios.burst
        start, length = burst.start * 60, burst.length * 60
        more = _poisson(rate / 60 * (burst.factor - 1), start, start + length, rng)
        created = np.sort(np.concatenate([created, more]))
    kafka = rng.random(created.size) < model.workload.kafka_share
    poison = rng.random(created.size) < model.workload.poison_share
    stored = created.copy()
    stored[kafka] = _sunk(model, rate, scenario, parts, created[kafka])
    expires = np.where(stored == np.inf, created + model.kafka.retention_hours * 3600, np.inf)
    order = np.argsort(stored, kind="stable")
    visible = stored + model.queue.notify_seconds
    return Images(created[order], visible[order], expires[order], kafka[order], poison[order])


def kafka_lag(images: Images, moments: Floats) -> NDArray[np.int64]:
    """Return the number of records that the sink had not stored at each moment."""

    def count(times: Floats) -> NDArray[np.int64]:
        return np.searchsorted(np.sort(times[images.kafka]), moments, "right")

    return count(images.created) - count(images.visible) - count(images.expires)


def _poisson(rate: float, start: float, end: float, rng: np.random.Generator) -> Floats:
    """Draw sorted arrivals of `rate` per second between two moments."""
    return np.sort(rng.uniform(start, end, rng.poisson(rate * (end - start))))


def _sunk(model: Model, rate: float, scenario: Scenario, parts: int, created: Floats) -> Floats:
    """Return the time at which the sink stores each record: in order, at its maximum rate, not while it is stopped.

    A record that is older than Kafka's retention at that time is never stored.
    """
    backlog, retention = model.scenarios.kafka_backlog, model.kafka.retention_hours * 3600
    start, end = backlog.start * 60, (backlog.start + backlog.length) * 60
    is_stopped = scenario == "kafka_backlog"
    gap = parts / (backlog.factor * sink_units(model, rate * parts) * model.kafka.records_per_mcu)
    free, stored = 0.0, []
    for moment in created.tolist():
        turn = max(moment, free)
        turn = end if is_stopped and start <= turn < end else turn
        is_kept = turn - moment < retention
        free = turn + gap if is_kept else free
        stored.append(turn if is_kept else np.inf)
    return np.array(stored)
