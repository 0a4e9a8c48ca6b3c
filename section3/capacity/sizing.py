"""How much of each part a rate needs; simulation, costs and limits all start from these numbers."""

from math import ceil

from section3.capacity.facts import Fact
from section3.capacity.model import Model


def planned_tasks(model: Model, rate: float) -> int:
    """Return the least number of tasks for a rate (images a minute): the same in every zone, busy as planned."""
    processing = model.processing
    busy_workers = rate / 60 * processing.mean_seconds
    tasks = busy_workers / (processing.workers_per_task * processing.utilisation)
    return model.scaling.zones * max(1, ceil(round(tasks / model.scaling.zones, 9)))


def least_tasks(model: Model, rate: float) -> int:
    """Return the tasks that always run: the scaling's own number, else the planned ones."""
    return model.scaling.minimum_tasks or planned_tasks(model, rate)


def most_tasks(model: Model, rate: float) -> int:
    """Return the tasks that scaling adds at most: its own number, else a multiple of the planned ones."""
    return model.scaling.maximum_tasks or int(planned_tasks(model, rate) * model.scaling.max_factor)


def calls(model: Model) -> float:
    """Return how many calls of functions an image means: its upload through the API, and its reads."""
    return 1 - model.workload.kafka_share + model.workload.reads_per_image


def requests(model: Model) -> float:
    """Return how many requests an image means to firewall and API: the calls, and what browsers ask before reads."""
    return calls(model) + model.workload.reads_per_image * model.workload.preflights


def most_brokers(model: Model) -> Fact:
    """Return how many brokers a cluster of the template's kind may have."""
    kraft = model.template.kafka_version.endswith(".kraft")
    return model.limits.msk_brokers if kraft else model.limits.msk_brokers_zookeeper


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
