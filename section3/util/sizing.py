"""How much of each part a rate needs; simulation, costs and limits all start from these numbers."""

from math import ceil

from section3.util.model import Model


def planned_tasks(model: Model, rate: float) -> int:
    """Return the least number of tasks for a rate (images a minute): the same in every zone, busy as planned."""
    processing = model.processing
    busy_workers = rate / 60 * processing.mean_seconds
    tasks = busy_workers / (processing.workers_per_task * processing.utilisation)
    return model.scaling.zones * max(1, ceil(round(tasks / model.scaling.zones, 9)))


def launch_rate(model: Model, tasks: int) -> float:
    """Return how many tasks a second may start: the account's limit, or that of the services which hold `tasks`."""
    services = ceil(tasks / model.limits.ecs_tasks_per_service.value)
    return min(model.limits.fargate_launches.value, services * model.limits.ecs_service_launches.value / 60)


def sink_units(model: Model, rate: float) -> int:
    """Return the units of MSK Connect for a rate (images a minute): at least two, in different zones."""
    return max(2, ceil(rate / 60 * model.workload.kafka_share / model.kafka.records_per_mcu))


def slices(model: Model, rate: int) -> int:
    """Return into how many equal parts a rate is cut for simulation."""
    return ceil(rate / model.scenarios.largest_slice)
