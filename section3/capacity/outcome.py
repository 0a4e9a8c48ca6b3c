"""Runs a scenario and says what came of it."""

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
    """One run of one slice, every `seconds`: messages and records of Kafka that waited, tasks that ran."""

    seconds: float
    waiting: tuple[int, ...]
    kafka_lag: tuple[int, ...]
    tasks: tuple[int, ...]


class Outcome(Frozen):
    """What came of a scenario at a rate (images a minute); counts are of all slices' images that were simulated."""

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
    latency: dict[
        str, float
    ]  # seconds from a stored or produced image to its record: p50, p95, p99, p99.9, p99_api, p99_kafka
    most_waiting: int  # in the whole system
    most_tasks: int
    timeline: Timeline
    change: str = ""  # of the design, when it is not as designed


@dataclass(frozen=True)
class Run:
    """A finished run: its platform, and the images that it was given."""

    platform: Platform
    images: Images

    def ends(self) -> dict[str, int]:
        """Count where every image that arrived is.

        Expired is what Kafka or the queue deleted because it was too old, and lost what is nowhere: nobody has either.
        A full disk of Kafka is neither: brokers refuse, and producers keep their images (knees.py, BrokerStorage).
        """
        record, queue = self.platform.record, self.platform.queue
        done = record.done.keys()
        dead = {message.image for message in record.dead} - done
        deleted = set(np.flatnonzero(self.images.expires <= self.platform.env.now).tolist())
        upstream = set(range(self.platform.delivered, self.images.created.size)) - deleted
        waiting = (*queue.visible, *queue.hidden)
        queued = {message.image for message in waiting if not queue.is_over(message)}
        over = {message.image for message in (*record.expired, *waiting) if message.image not in queued}
        left = (upstream | queued) - done - dead
        expired = (deleted | over) - done - dead
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
        """Return the seconds that each image created after the warm-up took, and whether it came through Kafka."""
        image = np.fromiter(self.platform.record.done.keys(), np.int64)
        end = np.fromiter(self.platform.record.done.values(), np.float64)
        created = self.images.created[image]
        measured = created >= warm_up
        return (end - created)[measured], self.images.kafka[image][measured]

    def timeline(self) -> Timeline:
        """Return the samples."""
        moment, waiting, tasks = zip(*self.platform.record.samples, strict=True)
        lag = kafka_lag(self.images, np.array(moment))
        return Timeline(seconds=SAMPLE_SECONDS, waiting=waiting, kafka_lag=lag.tolist(), tasks=tasks)


def run(
    model: Model, rate: float, scenario: Scenario, parts: int = 1, seed: int = 0, until: float | None = None
) -> Run:
    """Simulate one of `parts` slices at `rate` images a minute; to the end of its draining, or `until` a second."""
    rng = np.random.default_rng([model.scenarios.seed, seed])
    images = arrivals(model, rate, scenario, parts, rng)
    platform = Platform(model, rate, scenario, parts, images, rng)
    end = (model.scenarios.minutes + model.scenarios.drain_minutes) * 60
    platform.env.run(until=end if until is None else until)
    return Run(platform, images)


def simulate(model: Model, rate: int, scenario: Scenario, change: str = "") -> Outcome:
    """Simulate a scenario at a rate (images a minute): one slice, repeated until enough images were seen."""
    parts = slices(model, rate)
    repetitions = ceil(model.scenarios.least_images / (rate / parts * model.scenarios.minutes))
    runs = [run(model, rate / parts, scenario, parts, seed) for seed in range(repetitions)]
    ends = [one.ends() for one in runs]
    warm_up = model.scenarios.warm_up_minutes * 60
    latencies, kafka = (np.concatenate(part) for part in zip(*(one.latencies(warm_up) for one in runs), strict=True))
    timelines = [one.timeline() for one in runs]
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
    """Return percentiles of all, and the last one by the way that images came."""
    ways = {"p99_api": latencies[~kafka], "p99_kafka": latencies[kafka]}
    all_ways = {f"p{percent}": _rounded(latencies, percent) for percent in PERCENTS}
    return all_ways | {name: _rounded(part, 99) for name, part in ways.items()}


def _rounded(seconds: NDArray[np.float64], percent: float) -> float:
    """Return a percentile to a tenth of a second: more would not survive another processor's last digit."""
    return round(float(np.percentile(seconds, percent)), 1)
