"""One scenario at one rate: the simulation run and its outcome."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from common.config import Frozen
from section3.capacity.arrivals import Images, arrivals, kafka_lag
from section3.capacity.model import Model, Scenario
from section3.capacity.simulation import SAMPLE_SECONDS, Platform
from section3.capacity.sizing import slices

PERCENTS = (50, 95, 99, 99.9)


class Timeline(Frozen):
    """Samples of one run of one slice, every `seconds`: waiting messages and Kafka records, running tasks."""

    seconds: float
    waiting: tuple[int, ...]
    kafka_lag: tuple[int, ...]
    tasks: tuple[int, ...]


class Outcome(Frozen):
    """Outcome of a scenario at a rate (images per minute). Counts include all simulated images."""

    rate: int
    scenario: Scenario
    slices: int
    repetitions: int
    arrived: int
    processed: int
    dead: int
    left: int
    expired: int
    lost: int
    deliveries: int
    repeated: int
    held_by_lost: int
    # Seconds from a stored or produced image to its record: p50, p95, p99, p99.9, p99_api, p99_kafka.
    latency: dict[str, float]
    most_waiting: int  # in the whole system
    most_tasks: int
    timeline: Timeline
    change: str = ""  # of the design; empty for the design itself


@dataclass(frozen=True)
class Run:
    """A finished run: the platform and its input."""

    platform: Platform
    images: Images

    def ends(self) -> dict[str, int]:
        """Count arrived images by state.

        Expired images were deleted by Kafka or the queue because of their age; lost images are in no other state.
        A full disk of Kafka loses nothing: brokers reject records and producers retry (bottlenecks.py, BrokerStorage).
        """
        record, queue = self.platform.record, self.platform.queue
        done = record.done.keys()
        dead = {message.image for message in record.dead} - done
        deleted = set(np.flatnonzero(self.images.expires <= self.platform.env.now).tolist())
        upstream = set(range(self.platform.delivered, self.images.created.size)) - deleted
        waiting = (*queue.visible, *queue.hidden)
        queued = {message.image for message in waiting if not queue.is_expired(message)}
        too_old = {message.image for message in (*record.expired, *waiting) if message.image not in queued}
        left = (upstream | queued) - done - dead
        expired = (deleted | too_old) - done - dead
        arrived = self.images.created.size
        return {
            "arrived": arrived,
            "processed": len(done),
            "dead": len(dead),
            "left": len(left),
            "expired": len(expired),
            "lost": arrived - len(done) - len(dead) - len(left) - len(expired),
            "deliveries": record.deliveries,
            "repeated": record.repeated,
            "held_by_lost": record.held_by_lost,
        }

    def latencies(self, warm_up: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the latency of each image created after the warm-up, and whether it came through Kafka."""
        image = np.fromiter(self.platform.record.done.keys(), np.int64)
        end = np.fromiter(self.platform.record.done.values(), np.float64)
        created = self.images.created[image]
        measured = created >= warm_up
        return (end - created)[measured], self.images.kafka[image][measured]

    def timeline(self) -> Timeline:
        moment, waiting, tasks = zip(*self.platform.record.samples, strict=True)
        lag = kafka_lag(self.images, np.array(moment))
        return Timeline(seconds=SAMPLE_SECONDS, waiting=waiting, kafka_lag=lag.tolist(), tasks=tasks)


def run(
    model: Model, rate: float, scenario: Scenario, parts: int = 1, seed: int = 0, until: float | None = None
) -> Run:
    """Simulate one of `parts` slices at `rate` images per minute, until the queue is drained or `until` seconds."""
    rng = np.random.default_rng([model.scenarios.seed, seed])
    images = arrivals(model, rate, scenario, parts, rng)
    platform = Platform(model, rate, scenario, parts, images, rng)
    end = (model.scenarios.minutes + model.scenarios.drain_minutes) * 60
    platform.env.run(until=end if until is None else until)
    return Run(platform, images)


def simulate(model: Model, rate: int, scenario: Scenario, change: str = "") -> Outcome:
    """Simulate a scenario at a rate (images per minute): one slice, repeated until enough images have arrived."""
    parts = slices(model, rate)
    repetitions = ceil(model.scenarios.least_images / (rate / parts * model.scenarios.minutes))
    runs = [run(model, rate / parts, scenario, parts, seed) for seed in range(repetitions)]
    ends = [finished.ends() for finished in runs]
    warm_up = model.scenarios.warm_up_minutes * 60
    measured = [finished.latencies(warm_up) for finished in runs]
    latencies, kafka = (np.concatenate(part) for part in zip(*measured, strict=True))
    timelines = [finished.timeline() for finished in runs]
    return Outcome(
        rate=rate,
        scenario=scenario,
        slices=parts,
        repetitions=repetitions,
        **{name: sum(end[name] for end in ends) for name in ends[0]},
        latency=_percentiles(latencies, kafka),
        most_waiting=max(max(timeline.waiting) for timeline in timelines) * parts,
        most_tasks=max(max(timeline.tasks) for timeline in timelines) * parts,
        timeline=timelines[0],
        change=change,
    )


def _percentiles(latencies: NDArray[np.float64], kafka: NDArray[np.bool_]) -> dict[str, float]:
    """Return percentiles of all images, and p99 by source."""
    ways = {"p99_api": latencies[~kafka], "p99_kafka": latencies[kafka]}
    all_ways = {f"p{percent}": _rounded(latencies, percent) for percent in PERCENTS}
    return all_ways | {name: _rounded(part, 99) for name, part in ways.items()}


def _rounded(seconds: NDArray[np.float64], percent: float) -> float:
    """Return a percentile to 0.1 seconds; more digits would differ between processors."""
    return round(float(np.percentile(seconds, percent)), 1)
