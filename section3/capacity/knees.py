"""At which rate each component reaches its limit, and what to do then."""

from typing import Literal

from common.config import Frozen
from section3.capacity.facts import Fact
from section3.capacity.model import Model
from section3.capacity.sizing import calls, most_brokers, requests

MOST_UNITS = 8  # of MSK Connect a worker
Kind = Literal["minimum", "parameter", "address", "warning", "quota"]
RECOVERY_SECONDS = 300  # in which a lost zone's tasks shall run elsewhere


class Knee(Frozen):
    """A limit, the steady rate (images a minute) at which it is reached, and what to do before.

    Its kind: the least that always runs, another value of the template, one of the template that holds for one address
    alone, an alarm of the template, or a quota of AWS.
    """

    component: str
    limit: str
    rate: int
    remedy: str
    kind: Kind


def knees(model: Model) -> list[Knee]:
    """Return every component's knee, the lowest first. A burst of factor f reaches it at a rate f times lower."""
    found = [*_edge(model), *_storage(model), *_tasks(model), *_events(model), *_kafka(model)]
    return sorted(found, key=lambda knee: knee.rate)


def _knee(component: str, limit: Fact, a_second: float, remedy: str, unit: str = "") -> Knee:
    return _own(component, f"{limit.value:,.0f} {unit or limit.unit}", a_second, remedy, "quota")


def _own(component: str, limit: str, a_second: float, remedy: str, kind: Kind = "parameter") -> Knee:
    return Knee(component=component, limit=limit, rate=round(a_second * 60), remedy=remedy, kind=kind)


def _edge(model: Model) -> list[Knee]:
    """Requests through the API: an upload for every image that is not Kafka's, and reads, each asked for twice."""
    limits, own = model.limits, model.template
    uploads, asked = 1 - model.workload.kafka_share, requests(model)
    at_once = limits.lambda_concurrency
    answered = at_once.value * min(1 / model.functions.seconds, limits.lambda_requests_per_concurrency.value)
    reserved = own.upload_concurrency / model.functions.seconds
    return [
        _own("RequestsPerSecond", f"{own.requests_per_second:,.0f} requests a second, parameter of the template",
             own.requests_per_second / asked, "raise the parameter; it keeps a flood from becoming a bill"),
        _own("UploadConcurrency", f"{own.upload_concurrency:,.0f} calls at once, parameter of the template",
             reserved / uploads, "raise the parameter, within the account's concurrency"),
        _own("WAF, all users behind one address",
             f"{own.waf_limit:,.0f} requests in {own.waf_minutes:.0f} minutes and address, in the template",
             own.waf_limit / own.waf_minutes / 60 / asked, "raise WafLimit, or let known addresses pass", "address"),
        _knee("API Gateway", limits.api_requests, limits.api_requests.value / asked,
              "ask for more; one call that answers with forms for ten images"),
        _knee("Lambda", at_once, answered / calls(model), "ask for more"),
    ]  # fmt: skip


def _storage(model: Model) -> list[Knee]:
    """Objects, their keys and their records."""
    limits, usage, work = model.limits, model.usage, model.workload
    objects = (3 + work.reads_per_image) * usage.bucket_key_share
    written = usage.write_units_per_image
    return [
        _knee("S3 writes", limits.s3_puts, limits.s3_puts.value,
              "IDs behind incoming/ and processed/ are random, so S3 splits these by itself within the hour; "
              "ask for it before a launch"),
        _knee("S3 writes, stream/", limits.s3_puts,
              limits.s3_puts.value / (work.kafka_share * usage.sink_puts_per_object),
              "keys are topic, partition and a growing offset: S3 can split by partition alone; more partitions, "
              "or a partitioner that puts something random in front"),
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
    addresses, own = scaling.zones * model.usage.subnet_addresses, model.template
    least, most = own.minimum_tasks, own.maximum_tasks
    vcpu, spot = limits.fargate_vcpu.value, limits.fargate_spot_vcpu.value
    # One task a zone is on demand, and of the others as many as the weights say; the two have quotas of their own.
    paid, spare = vcpu / processing.task_vcpu - scaling.zones, spot / processing.task_vcpu
    beyond = min(paid / (1 - processing.spot_share), spare / processing.spot_share)
    return [
        _own("MinimumTasks", f"{least} tasks, parameter of the template", least * a_task,
             "raise the parameter to the planned tasks; beyond them images wait for added ones, time and again",
             "minimum"),
        _own("Fargate vCPU", f"{vcpu:,.0f} vCPU on demand and {spot:,.0f} Spot at once, account and region, before "
             "they are raised", (scaling.zones + beyond) * a_task,
             "ask for more of both before the first deployment; no Spot task starts as one on demand", "quota"),
        _own("MaximumTasks", f"{most} tasks, parameter of the template", most * a_task,
             "raise the parameter to four times the planned tasks; more images wait, and none is lost for a day"),
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
    brokers, own, hours = most_brokers(model), model.template, kafka.retention_hours
    most, kind = brokers.value, own.broker_type
    image = work.kafka_share * work.image_mb  # MB that an image of any origin means for Kafka
    kept = hours * 3600 * kafka.copies  # seconds of what comes in that lie on disks
    disks = most * limits.msk_broker_gib.value * 1024 * kafka.storage_fill / kept
    own_disks = own.brokers * own.broker_gib * 1024 / kept
    ingress = own.brokers * kafka.brokers.sizes[kind]
    largest = max(kafka.brokers.sizes.values())
    stored = kafka.records_per_mcu / work.kafka_share  # images of any origin that one unit allows
    return [
        _own("BrokerStorage, alarm", f"{kafka.storage_fill:.0%} of {own.brokers} brokers' {own.broker_gib:,.0f} GiB, "
             f"{hours:.0f} h kept", kafka.storage_fill * own_disks / image,
             "raise BrokerStorage while it runs (disks only grow)", "warning"),
        _own("BrokerStorage", f"{own.brokers} brokers of {own.broker_gib:,.0f} GiB, parameter of the template",
             own_disks / image, "the same, before: full brokers stop, and producers keep their images"),
        _own("BrokerType", f"{own.brokers} {kind} of {kafka.brokers.sizes[kind]:.0f} MB/s, parameter of the template",
             ingress / image, "a larger type, one broker after another; or a greater BrokerCount and moved partitions"),
        _own("Sink workers", f"{own.sink_workers} workers of one unit, in the template", own.sink_workers * stored,
             "workers of eight units, more partitions and connector tasks"),
        _knee("MSK Connect", limits.connect_workers, limits.connect_workers.value * MOST_UNITS * stored,
              "several connectors, each with its topics", f"workers of {MOST_UNITS} units a connector"),
        _knee("MSK disks", brokers, disks / image,
              "fewer hours of retention; images to S3 and only their keys through Kafka",
              f"brokers of {limits.msk_broker_gib.value:,.0f} GiB, {hours:.0f} h kept"),
        _knee("MSK network", brokers, most * largest / image,
              "images to S3 and only their keys through Kafka",
              f"brokers of {largest:,.0f} MB/s in"),
    ]  # fmt: skip
