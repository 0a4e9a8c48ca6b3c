"""What the template's parameters have to be at each rate, and what it carries with their defaults."""

from math import ceil

from common.config import Frozen
from section3.capacity.cost import cluster
from section3.capacity.knees import Kind, Knee
from section3.capacity.model import Model
from section3.capacity.sizing import planned_tasks, requests, sink_units


class Need(Frozen):
    """A parameter's default in the template, and the least that a rate needs, in the order of the model's rates."""

    parameter: str
    default: int | str
    values: tuple[int | str, ...]


def needs(model: Model) -> list[Need]:
    """Return what each parameter has to be; API and functions bear a burst, the sink catches up after a stop."""
    own, rates = model.template, model.rates
    clusters = [cluster(model, rate) for rate in rates]
    burst, behind = model.scenarios.burst.factor, model.scenarios.kafka_backlog.factor
    asked = [rate / 60 * requests(model) * burst for rate in rates]
    at_once = [rate / 60 * (1 - model.workload.kafka_share) * model.functions.seconds * burst for rate in rates]
    tasks = [planned_tasks(model, rate) for rate in rates]
    sinks = [sink_units(model, rate) * behind for rate in rates]
    return [
        _need("MinimumTasks", own.minimum_tasks, tasks),
        _need("MaximumTasks", own.maximum_tasks, [count * model.scaling.max_factor for count in tasks]),
        Need(parameter="BrokerType", default=own.broker_type, values=tuple(one.size for one in clusters)),
        _need("BrokerCount", own.brokers, [one.brokers for one in clusters]),
        _need("BrokerStorage, GiB", own.broker_gib, [one.disk_gb for one in clusters]),
        _need("sink workers of one unit (no parameter)", own.sink_workers, sinks),
        _need("RequestsPerSecond", own.requests_per_second, asked),
        _need("UploadConcurrency", own.upload_concurrency, at_once),
    ]


def as_it_stands(found: list[Knee]) -> str:
    """Say how far the template's defaults carry, from the lowest knees of each kind."""
    lowest: dict[Kind, Knee] = {knee.kind: knee for knee in reversed(found)}
    least, most = lowest["minimum"], lowest["parameter"]
    return (
        f"As it stands, with its defaults, the template carries up to {least.rate:,} images a minute with the tasks "
        f"that always run ({least.component}), and up to {most.rate:,} once tasks were added ({most.component}; its "
        f"alarm rings at {lowest['warning'].rate:,}). {_before(lowest, most)}"
    )


def _before(lowest: dict[Kind, Knee], most: Knee) -> str:
    """Say what ends before, though it is no parameter or not for everybody."""
    quota, address = lowest["quota"], lowest["address"]
    earlier = f"Before that, at {quota.rate:,}, a new account's quota has to be raised ({quota.component})"
    if quota.rate >= most.rate:
        earlier = f"The first quota of AWS follows at {quota.rate:,} ({quota.component})"
    return f"{earlier}; users who share one address are held up at {address.rate:,}."


def _need(parameter: str, default: float, values: list[int] | list[float]) -> Need:
    return Need(parameter=parameter, default=round(default), values=tuple(ceil(round(value, 6)) for value in values))
