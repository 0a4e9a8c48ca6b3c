"""Size of each component at a rate; simulation, costs and limits use these numbers."""

from math import ceil

from section3.capacity.model import Model
from section3.capacity.quotas_and_prices import PublishedValue


def planned_tasks(model: Model, rate: float) -> int:
    """Return the minimum number of tasks for a rate (images per minute), equal in every zone."""
    processing = model.processing
    busy_workers = rate / 60 * processing.mean_seconds
    tasks = busy_workers / (processing.workers_per_task * processing.utilisation)
    return model.scaling.zones * max(1, ceil(round(tasks / model.scaling.zones, 9)))


def least_tasks(model: Model, rate: float) -> int:
    """Return the minimum number of running tasks: the configured one, else the planned one."""
    return model.scaling.minimum_tasks or planned_tasks(model, rate)


def most_tasks(model: Model, rate: float) -> int:
    """Return the maximum number of running tasks: the configured one, else a multiple of the planned one."""
    return model.scaling.maximum_tasks or int(planned_tasks(model, rate) * model.scaling.max_factor)


def calls(model: Model) -> float:
    """Return the function calls per image: its upload through the API, and its reads."""
    return 1 - model.workload.kafka_share + model.workload.reads_per_image


def requests(model: Model) -> float:
    """Return the API requests per image: the function calls, and the browsers' preflights before reads."""
    return calls(model) + model.workload.reads_per_image * model.workload.preflights


def most_brokers(model: Model) -> PublishedValue:
    """Return the quota of brokers per cluster, for the template's Kafka version."""
    kraft = model.template.kafka_version.endswith(".kraft")
    return model.limits.msk_brokers if kraft else model.limits.msk_brokers_zookeeper


def launch_rate(model: Model, tasks: int) -> float:
    """Return the task launches per second: the quota of the account or of the services that hold `tasks`."""
    services = ceil(tasks / model.limits.ecs_tasks_per_service.value)
    return min(model.limits.fargate_launches.value, services * model.limits.ecs_service_launches.value / 60)


def sink_units(model: Model, rate: float) -> int:
    """Return the units of MSK Connect for a rate (images per minute): at least two, in different zones."""
    return max(2, ceil(rate / 60 * model.workload.kafka_share / model.kafka.records_per_mcu))


def slices(model: Model, rate: int) -> int:
    """Return the number of equal parts into which a rate is divided for simulation."""
    return ceil(rate / model.scenarios.largest_slice)
