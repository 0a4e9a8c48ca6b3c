"""Template parameters that each rate requires, and the rate that their defaults carry."""

from math import ceil

from common.config import Frozen
from section3.capacity.bottlenecks import Bottleneck, Kind
from section3.capacity.cost import cluster
from section3.capacity.model import Model
from section3.capacity.sizing import planned_tasks, requests, sink_units


class RequiredParameter(Frozen):
    """A parameter's default in the template, and the minimum for each of the model's rates."""

    parameter: str
    default: int | str
    values: tuple[int | str, ...]


def required_parameters(model: Model) -> list[RequiredParameter]:
    """Return the minimum of each parameter. API and functions carry a burst; the sink catches up after a stop."""
    own, rates = model.template, model.rates
    clusters = [cluster(model, rate) for rate in rates]
    burst, catch_up = model.scenarios.burst.factor, model.scenarios.kafka_backlog.factor
    requested = [rate / 60 * requests(model) * burst for rate in rates]
    concurrent = [rate / 60 * (1 - model.workload.kafka_share) * model.functions.seconds * burst for rate in rates]
    tasks = [planned_tasks(model, rate) for rate in rates]
    sinks = [sink_units(model, rate) * catch_up for rate in rates]
    return [
        _required("MinimumTasks", own.minimum_tasks, tasks),
        _required("MaximumTasks", own.maximum_tasks, [count * model.scaling.max_factor for count in tasks]),
        RequiredParameter(
            parameter="BrokerType", default=own.broker_type, values=tuple(kafka.size for kafka in clusters)
        ),
        _required("BrokerCount", own.brokers, [kafka.brokers for kafka in clusters]),
        _required("BrokerStorage, GiB", own.broker_gib, [kafka.disk_gb for kafka in clusters]),
        _required("sink workers of one unit (no parameter)", own.sink_workers, sinks),
        _required("RequestsPerSecond", own.requests_per_second, requested),
        _required("UploadConcurrency", own.upload_concurrency, concurrent),
    ]


def capacity_with_defaults(found: list[Bottleneck]) -> str:
    """Describe the rate that the template's defaults carry, from the lowest bottleneck of each kind."""
    lowest: dict[Kind, Bottleneck] = {bottleneck.kind: bottleneck for bottleneck in reversed(found)}
    least, most = lowest["minimum"], lowest["parameter"]
    return (
        f"With its defaults, the template carries up to {least.rate:,} images per minute with the minimum of tasks "
        f"({least.component}), and up to {most.rate:,} after scaling out ({most.component}; its alarm fires at "
        f"{lowest['warning'].rate:,}). {_quotas(lowest, most)}"
    )


def _quotas(lowest: dict[Kind, Bottleneck], most: Bottleneck) -> str:
    """Describe quotas and per-address limits, which are not parameters of the template."""
    quota, address = lowest["quota"], lowest["address"]
    first = f"Before that, at {quota.rate:,}, a new account's quota must be raised ({quota.component})"
    if quota.rate >= most.rate:
        first = f"The first quota of AWS follows at {quota.rate:,} ({quota.component})"
    return f"{first}; users who share one address are throttled at {address.rate:,}."


def _required(parameter: str, default: float, values: list[int] | list[float]) -> RequiredParameter:
    return RequiredParameter(
        parameter=parameter, default=round(default), values=tuple(ceil(round(value, 6)) for value in values)
    )
