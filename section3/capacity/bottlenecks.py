"""The rate at which each component reaches its limit, and the remedy."""

from typing import Literal

from common.config import Frozen
from section3.capacity.model import Model
from section3.capacity.quotas_and_prices import PublishedValue
from section3.capacity.sizing import calls, most_brokers, requests

MOST_UNITS = 8  # MSK Connect units per worker
Kind = Literal["minimum", "parameter", "address", "warning", "quota"]
RECOVERY_SECONDS = 300  # the tasks of a lost zone must run elsewhere within this time


class Bottleneck(Frozen):
    """A limit, the steady rate (images per minute) that reaches it, and the remedy.

    Kinds: `minimum` is the template's MinimumTasks, `parameter` another parameter of the template, `address` a limit
    per client address, `warning` an alarm of the template, and `quota` a quota of AWS.
    """

    component: str
    limit: str
    rate: int
    remedy: str
    kind: Kind


def bottlenecks(model: Model) -> list[Bottleneck]:
    """Return the limits of all components, the lowest first. A burst of factor f divides these rates by f."""
    found = [*_edge(model), *_storage(model), *_tasks(model), *_events(model), *_kafka(model)]
    return sorted(found, key=lambda bottleneck: bottleneck.rate)


def _quota(component: str, limit: PublishedValue, per_second: float, remedy: str, unit: str = "") -> Bottleneck:
    return _limit(component, f"{limit.value:,.0f} {unit or limit.unit}", per_second, remedy, "quota")


def _limit(component: str, limit: str, per_second: float, remedy: str, kind: Kind = "parameter") -> Bottleneck:
    return Bottleneck(component=component, limit=limit, rate=round(per_second * 60), remedy=remedy, kind=kind)


def _edge(model: Model) -> list[Bottleneck]:
    """Limits of the API: an upload for every image that is not from Kafka, and reads with their preflights."""
    limits, own = model.limits, model.template
    uploads, requested = 1 - model.workload.kafka_share, requests(model)
    concurrency = limits.lambda_concurrency
    answered = concurrency.value * min(1 / model.functions.seconds, limits.lambda_requests_per_concurrency.value)
    reserved = own.upload_concurrency / model.functions.seconds
    return [
        _limit("RequestsPerSecond", f"{own.requests_per_second:,.0f} requests a second, parameter of the template",
             own.requests_per_second / requested, "raise the parameter; it limits the cost of a flood"),
        _limit("UploadConcurrency", f"{own.upload_concurrency:,.0f} calls at once, parameter of the template",
             reserved / uploads, "raise the parameter, within the account's concurrency"),
        _limit("WAF, all users behind one address",
             f"{own.waf_limit:,.0f} requests in {own.waf_minutes:.0f} minutes and address, in the template",
             own.waf_limit / own.waf_minutes / 60 / requested, "raise WafLimit, or allow known addresses", "address"),
        _quota("API Gateway", limits.api_requests, limits.api_requests.value / requested,
              "request an increase; return forms for ten images per call"),
        _quota("Lambda", concurrency, answered / calls(model), "request an increase"),
    ]  # fmt: skip


def _storage(model: Model) -> list[Bottleneck]:
    """Limits of S3, KMS and DynamoDB."""
    limits, usage, work = model.limits, model.usage, model.workload
    objects = (3 + work.reads_per_image) * usage.bucket_key_share
    written = usage.write_units_per_image
    return [
        _quota("S3 writes", limits.s3_puts, limits.s3_puts.value,
              "IDs after incoming/ and processed/ are random, so S3 splits these prefixes within an hour; "
              "request it before a launch"),
        _quota("S3 writes, stream/", limits.s3_puts,
              limits.s3_puts.value / (work.kafka_share * usage.sink_puts_per_object),
              "keys are topic, partition and a growing offset: S3 can only split by partition; more partitions, "
              "or a partitioner with a random prefix"),
        _quota("S3 reads", limits.s3_gets, limits.s3_gets.value, "as for S3 writes"),
        _quota("KMS", limits.kms_requests, limits.kms_requests.value / objects,
              "keep bucket keys on: without them the limit is 100 times lower"),
        _quota("DynamoDB, new table", limits.dynamodb_new_table, limits.dynamodb_new_table.value / written,
              "set the table's warm throughput before a launch"),
        _quota("DynamoDB", limits.dynamodb_write_units, limits.dynamodb_write_units.value / written,
               "request an increase"),
    ]  # fmt: skip


def _tasks(model: Model) -> list[Bottleneck]:
    """Limits of Fargate, ECS, subnets and SQS."""
    limits, processing, queue, scaling = model.limits, model.processing, model.queue, model.scaling
    a_task = processing.workers_per_task * processing.utilisation / processing.mean_seconds  # images a second
    again = processing.transient_share + model.workload.poison_share * queue.max_receives
    in_flight = processing.mean_seconds + again * queue.visibility_seconds
    replaced = limits.fargate_launches.value * RECOVERY_SECONDS * scaling.zones
    addresses, own = scaling.zones * model.usage.subnet_addresses, model.template
    least, most = own.minimum_tasks, own.maximum_tasks
    vcpu, spot = limits.fargate_vcpu.value, limits.fargate_spot_vcpu.value
    # One task per zone is on demand, and the weights divide the others; both types have separate quotas.
    paid, spare = vcpu / processing.task_vcpu - scaling.zones, spot / processing.task_vcpu
    beyond = min(paid / (1 - processing.spot_share), spare / processing.spot_share)
    return [
        _limit("MinimumTasks", f"{least} tasks, parameter of the template", least * a_task,
             "raise the parameter to the planned tasks; beyond it images wait for new tasks",
             "minimum"),
        _limit("Fargate vCPU", f"{vcpu:,.0f} vCPU on demand and {spot:,.0f} Spot at once, account and region, before "
             "an increase", (scaling.zones + beyond) * a_task,
             "request both before the first deployment; a Spot task never starts on demand", "quota"),
        _limit("MaximumTasks", f"{most} tasks, parameter of the template", most * a_task,
             "raise the parameter to four times the planned tasks; more images wait, none is lost within a day"),
        _quota("ECS service", limits.ecs_tasks_per_service, limits.ecs_tasks_per_service.value * a_task,
              "tasks of 4 to 16 vCPU with one worker per vCPU; several services on one queue"),
        _quota("Fargate launches", limits.fargate_launches, replaced * a_task,
              f"up to here a zone's tasks are replaced in {RECOVERY_SECONDS // 60} minutes; larger or spare tasks: "
              "at 66 % utilisation two zones carry the load of three"),
        _limit("VPC addresses", f"{addresses:,} free, one a task", addresses * a_task,
             "larger tasks; larger subnets"),
        _quota("SQS", limits.sqs_in_flight, limits.sqs_in_flight.value / in_flight,
              "several queues; a shorter visibility that workers extend"),
    ]  # fmt: skip


def _events(model: Model) -> list[Bottleneck]:
    """Limits of Firehose for BI events: one event per request, unless workers batch them."""
    limits = model.limits
    mib = limits.firehose_mib.value * 1024 / model.workload.bi_event_kb
    return [
        _quota("Firehose requests", limits.firehose_requests, limits.firehose_requests.value,
              "send events of a task in batches of up to 500"),
        _quota("Firehose volume", limits.firehose_mib, mib, "request an increase, or use several streams"),
    ]  # fmt: skip


def _kafka(model: Model) -> list[Bottleneck]:
    """Limits of the brokers' network and disks, and of the sink."""
    limits, kafka, work = model.limits, model.kafka, model.workload
    brokers, own, hours = most_brokers(model), model.template, kafka.retention_hours
    most, kind = brokers.value, own.broker_type
    image = work.kafka_share * work.image_mb  # MB per image of any source
    retained = hours * 3600 * kafka.copies  # seconds of input, with all copies, that the disks hold
    disks = most * limits.msk_broker_gib.value * 1024 * kafka.storage_fill / retained
    own_disks = own.brokers * own.broker_gib * 1024 / retained
    ingress = own.brokers * kafka.brokers.sizes[kind]
    largest = max(kafka.brokers.sizes.values())
    stored = kafka.records_per_mcu / work.kafka_share  # images of any source that one unit allows
    return [
        _limit("BrokerStorage, alarm", f"{kafka.storage_fill:.0%} of {own.brokers} brokers' {own.broker_gib:,.0f} GiB, "
             f"{hours:.0f} h kept", kafka.storage_fill * own_disks / image,
             "raise BrokerStorage; works at runtime, disks only grow", "warning"),
        _limit("BrokerStorage", f"{own.brokers} brokers of {own.broker_gib:,.0f} GiB, parameter of the template",
             own_disks / image, "raise BrokerStorage before: full brokers stop, and producers keep their images"),
        _limit("BrokerType", f"{own.brokers} {kind} of {kafka.brokers.sizes[kind]:.0f} MB/s, parameter of the template",
             ingress / image, "a larger type, one broker at a time; or more brokers and reassigned partitions"),
        _limit("Sink workers", f"{own.sink_workers} workers of one unit, in the template", own.sink_workers * stored,
             "workers of eight units, more partitions and connector tasks"),
        _quota("MSK Connect", limits.connect_workers, limits.connect_workers.value * MOST_UNITS * stored,
              "several connectors, each with separate topics", f"workers of {MOST_UNITS} units a connector"),
        _quota("MSK disks", brokers, disks / image,
              "fewer hours of retention; images to S3 and only their keys through Kafka",
              f"brokers of {limits.msk_broker_gib.value:,.0f} GiB, {hours:.0f} h kept"),
        _quota("MSK network", brokers, most * largest / image,
              "images to S3 and only their keys through Kafka",
              f"brokers of {largest:,.0f} MB/s in"),
    ]  # fmt: skip
