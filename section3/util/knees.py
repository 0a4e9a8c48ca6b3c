"""At which rate each component reaches its limit, and what to do then."""

from common.config import Frozen
from section3.util.facts import Fact
from section3.util.model import Model

MOST_UNITS = 8  # of MSK Connect a worker
RECOVERY_SECONDS = 300  # in which a lost zone's tasks shall run elsewhere


class Knee(Frozen):
    """A limit, the steady rate (images a minute) at which it is reached, and what to do before."""

    component: str
    limit: str
    rate: int
    remedy: str


def knees(model: Model) -> list[Knee]:
    """Return every component's knee, the lowest first. A burst of factor f reaches it at a rate f times lower."""
    found = [*_edge(model), *_storage(model), *_tasks(model), *_events(model), *_kafka(model)]
    return sorted(found, key=lambda knee: knee.rate)


def _knee(component: str, limit: Fact, a_second: float, remedy: str, unit: str = "") -> Knee:
    return _own(component, f"{limit.value:,.0f} {unit or limit.unit}", a_second, remedy)


def _own(component: str, limit: str, a_second: float, remedy: str) -> Knee:
    return Knee(component=component, limit=limit, rate=round(a_second * 60), remedy=remedy)


def _edge(model: Model) -> list[Knee]:
    """Requests through the API: an upload for every image that is not Kafka's, and reads."""
    limits, work, own = model.limits, model.workload, model.template
    uploads = 1 - work.kafka_share
    requests = uploads + work.reads_per_image
    at_once = limits.lambda_concurrency
    calls = at_once.value * min(1 / model.functions.seconds, limits.lambda_requests_per_concurrency.value)
    reserved = own.upload_concurrency / model.functions.seconds
    return [
        _own("RequestsPerSecond", f"{own.requests_per_second:,.0f} requests a second, parameter of the template",
             own.requests_per_second / requests, "raise the parameter; it keeps a flood from becoming a bill"),
        _own("UploadConcurrency", f"{own.upload_concurrency:,.0f} calls at once, parameter of the template",
             reserved / uploads, "raise the parameter, within the account's concurrency"),
        _knee("API Gateway", limits.api_requests, limits.api_requests.value / requests,
              "ask for more; one call that answers with forms for ten images"),
        _knee("Lambda", at_once, calls / requests, "ask for more"),
    ]  # fmt: skip


def _storage(model: Model) -> list[Knee]:
    """Objects, their keys and their records."""
    limits, usage, work = model.limits, model.usage, model.workload
    objects = (3 + work.reads_per_image) * usage.bucket_key_share
    written = usage.write_units_per_image
    return [
        _knee("S3 writes", limits.s3_puts, limits.s3_puts.value,
              "IDs behind a prefix are random, so S3 splits it by itself within the hour; ask for it before a launch"),
        _knee("S3 reads", limits.s3_gets, limits.s3_gets.value, "the same"),
        _knee("KMS", limits.kms_requests, limits.kms_requests.value / objects,
              "bucket keys have to stay on: without them the knee is a hundredth of this"),
        _knee("DynamoDB, new table", limits.dynamodb_new_table, limits.dynamodb_new_table.value / written,
              "set the table's warm throughput before a launch"),
        _knee("DynamoDB", limits.dynamodb_write_units, limits.dynamodb_write_units.value / written, "ask for more"),
    ]  # fmt: skip


def _tasks(model: Model) -> list[Knee]:
    """Queue and tasks."""
    limits, processing, queue, scaling = model.limits, model.processing, model.queue, model.scaling
    a_task = processing.workers_per_task * processing.utilisation / processing.mean_seconds  # images a second
    again = processing.transient_share + model.workload.poison_share * queue.max_receives
    in_flight = processing.mean_seconds + again * queue.visibility_seconds
    replaced = limits.fargate_launches.value * RECOVERY_SECONDS * scaling.zones
    addresses, most = scaling.zones * model.usage.subnet_addresses, model.template.maximum_tasks
    return [
        _knee("Fargate vCPU", limits.fargate_vcpu, limits.fargate_vcpu.value / processing.task_vcpu * a_task,
              "ask for more before the first deployment: it is the first thing to break"),
        _own("MaximumTasks", f"{most} tasks, parameter of the template", most * a_task,
             "raise the parameter to four times the planned tasks; more images wait, none is lost"),
        _knee("ECS service", limits.ecs_tasks_per_service, limits.ecs_tasks_per_service.value * a_task,
              "tasks of 4 to 16 vCPU with a worker each; several services on one queue"),
        _knee("Fargate launches", limits.fargate_launches, replaced * a_task,
              f"up to here a zone's tasks are back in {RECOVERY_SECONDS // 60} minutes; larger tasks, or spare ones: "
              "at 66 % busy two zones carry all three's load"),
        _own("VPC addresses", f"{addresses:,} free, one a task", addresses * a_task,
             "larger tasks; larger subnets"),
        _knee("SQS", limits.sqs_in_flight, limits.sqs_in_flight.value / in_flight,
              "several queues; a shorter visibility that workers extend"),
    ]  # fmt: skip


def _events(model: Model) -> list[Knee]:
    """Events for BI: one a request, unless workers collect them."""
    limits = model.limits
    mib = limits.firehose_mib.value * 1024 / model.workload.bi_event_kb
    return [
        _knee("Firehose requests", limits.firehose_requests, limits.firehose_requests.value,
              "a task sends its workers' events together, up to 500 at once"),
        _knee("Firehose volume", limits.firehose_mib, mib, "ask for more; or several streams"),
    ]  # fmt: skip


def _kafka(model: Model) -> list[Knee]:
    """Brokers' network and disks, and the sink."""
    limits, kafka, work = model.limits, model.kafka, model.workload
    most, own = limits.msk_brokers.value, model.template.sink_workers
    image = work.kafka_share * work.image_mb  # MB that an image of any origin means for Kafka
    disks = most * limits.msk_broker_gib.value * 1024 * kafka.storage_fill / kafka.copies
    largest = max(kafka.brokers.sizes.values())
    stored = kafka.records_per_mcu / work.kafka_share  # images of any origin that one unit allows
    return [
        _own("Sink workers", f"{own} workers of one unit, in the template", own * stored,
             "workers of eight units, more partitions and connector tasks"),
        _knee("MSK Connect", limits.connect_workers, limits.connect_workers.value * MOST_UNITS * stored,
              "several connectors, each with its topics", f"workers of {MOST_UNITS} units a connector"),
        _knee("MSK disks", limits.msk_brokers, disks / (kafka.retention_hours * 3600) / image,
              "fewer hours of retention; images to S3 and only their keys through Kafka",
              f"brokers of {limits.msk_broker_gib.value:,.0f} GiB, {kafka.retention_hours:.0f} h kept"),
        _knee("MSK network", limits.msk_brokers, most * largest / image,
              "images to S3 and only their keys through Kafka",
              f"brokers of {largest:,.0f} MB/s in"),
    ]  # fmt: skip
