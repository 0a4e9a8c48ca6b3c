"""When images are made and when their messages become visible, by scenario."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from section3.util.model import Model, Scenario
from section3.util.sizing import sink_units

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Images:
    """Images in the order in which their messages become visible; times in seconds."""

    created: Floats
    visible: Floats
    kafka: NDArray[np.bool_]
    poison: NDArray[np.bool_]


def arrivals(model: Model, rate: float, scenario: Scenario, parts: int, rng: np.random.Generator) -> Images:
    """Draw what comes at `rate` images a minute, one of `parts` equal parts of the whole system's arrivals."""
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
    order = np.argsort(stored, kind="stable")
    visible = stored + model.queue.notify_seconds
    return Images(created[order], visible[order], kafka[order], poison[order])


def kafka_lag(images: Images, moments: Floats) -> NDArray[np.int64]:
    """Return how many records the sink had not stored at each moment."""
    created, stored = np.sort(images.created[images.kafka]), np.sort(images.visible[images.kafka])
    return np.searchsorted(created, moments, "right") - np.searchsorted(stored, moments, "right")


def _poisson(rate: float, start: float, end: float, rng: np.random.Generator) -> Floats:
    """Draw sorted arrivals of `rate` a second between two moments."""
    return np.sort(rng.uniform(start, end, rng.poisson(rate * (end - start))))


def _sunk(model: Model, rate: float, scenario: Scenario, parts: int, created: Floats) -> Floats:
    """Return when the sink has stored each record: in order, no faster than it can, and never while it stands still."""
    backlog = model.scenarios.kafka_backlog
    ready = created
    if scenario == "kafka_backlog":
        start, end = backlog.start * 60, (backlog.start + backlog.length) * 60
        ready = np.where((created >= start) & (created < end), end, created)
    most = backlog.factor * sink_units(model, rate * parts) * model.kafka.records_per_mcu / parts
    earliest = np.arange(created.size) / most
    # Each waits for the one before it: stored[i] = max(ready[i], stored[i - 1] + gap), written without a loop.
    return np.asarray(np.maximum.accumulate(ready - earliest) + earliest)
