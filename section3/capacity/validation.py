"""Validation of the simulation against M/M/c without faults, for which theory is exact."""

from typing import Any

from common.config import Frozen
from section3.capacity.model import Model
from section3.capacity.queueing import mean_wait
from section3.capacity.scenario import run

CASES = tuple((workers, busy) for workers in (1, 4, 32) for busy in (0.7, 0.85))
IMAGES = 300_000  # four times as many for 32 workers, whose waits are rare
TOLERANCE = 0.05  # of the mean wait, which varies by 1 to 3 % with this number of images


class Validation(Frozen):
    """Mean waits in seconds of c workers that are busy for a share of their time."""

    workers: int
    busy: float
    theory: float
    simulated: float

    @property
    def error(self) -> float:
        """Return the simulation's relative error."""
        return self.simulated / self.theory - 1


def validate(model: Model, workers: int, busy: float) -> Validation:
    """Simulate M/M/c with this model's mean processing time and compare the mean waits.

    Theory uses the arrival rate and the mean processing time of the sample. Both deviate from the parameters by 0.2 %,
    which changes the wait of 32 workers by several percent.
    """
    rate = workers * busy / model.processing.mean_seconds
    minutes = IMAGES * max(1, workers // 8) / rate / 60
    record = run(simplified(model, busy, minutes), rate * 60, "steady").platform.record
    drawn = len(record.waits) / (minutes * 60), record.worked / record.deliveries
    return Validation(
        workers=workers,
        busy=busy,
        theory=round(mean_wait(workers, *drawn), 4),
        simulated=round(sum(record.waits) / len(record.waits), 4),
    )


def simplified(model: Model, busy: float, minutes: float, distribution: str = "exponential") -> Model:
    """Return the model without faults, retries and scaling; `busy` is the share of time that its workers are busy."""
    parts: dict[str, dict[str, Any]] = {
        "workload": {"kafka_share": 0.0, "poison_share": 0.0},
        "processing": {
            "distribution": distribution, "transient_share": 0.0, "workers_per_task": 1, "utilisation": busy,
        },
        "queue": {"duplicate_share": 0.0, "notify_seconds": 0.0, "visibility_seconds": 1e9},
        "scaling": {"zones": 1, "max_factor": 1.0},
        "scenarios": {"minutes": minutes},
    }  # fmt: skip
    return model.changed(parts)
