"""Monthly cost of the platform at a rate, by component."""

from dataclasses import dataclass
from math import ceil

from common.config import Frozen
from section3.capacity.model import Model, Workload
from section3.capacity.quotas_and_prices import Prices
from section3.capacity.sizing import calls, most_brokers, planned_tasks, requests, sink_units

MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24
MB_PER_GB = 1024
KB_PER_GB = 1024**2
GB_PER_TB = 1024
FIREHOSE_KB = 5  # a record is billed as a multiple of this
COMPONENTS = (
    "API Gateway", "WAF", "Lambda", "S3 requests", "S3 storage", "SQS", "Fargate", "DynamoDB", "MSK brokers",
    "MSK storage", "MSK Connect", "Firehose", "Athena", "KMS", "Logs", "VPC endpoints", "Zone transfer", "Transfer out",
)  # fmt: skip


@dataclass(frozen=True)
class Cluster:
    """Kafka brokers: size, number and disks."""

    size: str
    brokers: int
    large: float  # cost of all brokers, in brokers of the smallest size
    disk_gb: float  # of each broker

    @property
    def label(self) -> str:
        return f"{self.brokers} {self.size}"


def cluster(model: Model, rate: float) -> Cluster:
    """Return the cheapest brokers for a rate (images per minute), or the fewest if they exceed the quota."""
    kafka, limits = model.kafka, model.limits
    mb = kafka_mb(model, rate)
    stored = mb / MB_PER_GB * kafka.retention_hours * 3600 * kafka.copies
    by_disk = stored / kafka.storage_fill / limits.msk_broker_gib.value
    clusters = []
    for index, (size, most_mb) in enumerate(kafka.brokers.sizes.items()):
        zones = model.scaling.zones
        brokers = zones * ceil(max(mb / most_mb, by_disk, zones) / zones)
        disk = max(model.template.broker_gib, stored / kafka.storage_fill / brokers)
        clusters.append(Cluster(size, brokers, brokers * 2.0**index, disk))
    return min(clusters, key=lambda candidate: _preference(candidate, most_brokers(model).value))


def _preference(candidate: Cluster, quota: float) -> tuple[bool, float, float]:
    over = candidate.brokers > quota
    return (over, candidate.brokers, candidate.large) if over else (over, candidate.large, candidate.brokers)


def kafka_mb(model: Model, rate: float) -> float:
    """Return the MB per second that producers send to Kafka at a rate (images per minute)."""
    return rate / 60 * model.workload.kafka_share * model.workload.image_mb


class Bill(Frozen):
    """Monthly cost in dollars of each component at a rate (images per minute)."""

    rate: int
    images: int  # per month
    brokers: str
    kafka_mb: float  # per second
    tasks: int
    parts: dict[str, float]

    @property
    def month(self) -> float:
        return sum(self.parts.values())

    def per_million(self) -> dict[str, float]:
        """Return the cost of each component for a million images."""
        return {component: dollars / self.images * 1e6 for component, dollars in self.parts.items()}


def bill(model: Model, prices: Prices, rate: int) -> Bill:
    return Bill(
        rate=rate,
        images=round(images_a_month(prices, rate)),
        brokers=cluster(model, rate).label,
        kafka_mb=round(kafka_mb(model, rate), 1),
        tasks=planned_tasks(model, rate),
        parts={component: round(dollars, 2) for component, dollars in monthly(model, prices, rate).items()},
    )


def images_a_month(prices: Prices, rate: float) -> float:
    """Return the images per month at a rate (images per minute)."""
    return rate * MINUTES_PER_HOUR * prices.hours_per_month


def monthly(model: Model, prices: Prices, rate: float) -> dict[str, float]:
    """Return the monthly cost of each component at a rate (images per minute), in the order of COMPONENTS."""
    images = images_a_month(prices, rate)
    parts = _edge(model, prices, images) | _data(model, prices, images) | _events(model, prices, images)
    parts |= _tasks(model, prices, rate, images) | _kafka(model, prices, rate) | _shared(model, prices, images)
    return {component: parts[component] for component in COMPONENTS}


def _edge(model: Model, prices: Prices, images: float) -> dict[str, float]:
    """Price the requests through the API, and the transfer to readers."""
    reads, called, requested = images * model.workload.reads_per_image, images * calls(model), images * requests(model)
    gb_seconds = called * model.functions.seconds * model.functions.gb
    acl = prices.waf_acl.of(1) + prices.waf_rule.of(model.usage.waf_rules)
    return {
        "API Gateway": prices.api_request.of(requested),
        "WAF": acl + prices.waf_request.of(requested),
        "Lambda": prices.lambda_request.of(called) + prices.lambda_gb_second.of(gb_seconds),
        "Transfer out": prices.transfer_out_gb.of(reads * model.workload.processed_mb / MB_PER_GB),
    }


def _data(model: Model, prices: Prices, images: float) -> dict[str, float]:
    """Price images and records for their retention."""
    work, usage = model.workload, model.usage
    reads = images * work.reads_per_image
    retained = _retained_share(work, prices)
    image_gb = images * retained * (work.image_mb + work.processed_mb) / MB_PER_GB
    record_gb = images * retained * work.record_kb / KB_PER_GB
    puts = images * (2 - work.kafka_share + work.kafka_share * usage.sink_puts_per_object)  # original and processed
    units = prices.dynamodb_write.of(images * usage.write_units_per_image)
    units += prices.dynamodb_read.of(reads * usage.read_units_per_read)
    return {
        "S3 requests": prices.s3_put.of(puts) + prices.s3_get.of(images + reads),
        "S3 storage": prices.s3_gb_month.of(image_gb),
        "DynamoDB": units + prices.dynamodb_gb_month.of(record_gb),
    }


def _retained_share(work: Workload, prices: Prices) -> float:
    """Return the share of a month's images that is stored at any time."""
    return (work.retention_days + work.purge_lag_days) * HOURS_PER_DAY / prices.hours_per_month


def _events(model: Model, prices: Prices, images: float) -> dict[str, float]:
    """Price the events for BI, and queries that read all retained events."""
    work, usage = model.workload, model.usage
    billed_gb = images * FIREHOSE_KB * ceil(work.bi_event_kb / FIREHOSE_KB) / KB_PER_GB
    stored_gb = images * _retained_share(work, prices) * work.bi_event_kb * usage.parquet_share / KB_PER_GB
    queries = usage.athena_queries_per_day * prices.hours_per_month / HOURS_PER_DAY
    return {
        "Firehose": prices.firehose_gb.of(billed_gb) + prices.firehose_conversion_gb.of(billed_gb),
        "Athena": prices.athena_tb.of(queries * stored_gb / GB_PER_TB),
    }


def _tasks(model: Model, prices: Prices, rate: float, images: float) -> dict[str, float]:
    """Price the planned tasks and the queue."""
    processing, usage, hours = model.processing, model.usage, prices.hours_per_month
    tasks = planned_tasks(model, rate)
    hour = prices.fargate_vcpu_hour.of(processing.task_vcpu) + prices.fargate_gb_hour.of(processing.task_gb)
    beyond = tasks - model.scaling.zones  # one task per zone is always on demand
    paid = tasks - beyond * processing.spot_share * prices.fargate_spot_discount.value
    idle_workers = tasks * processing.workers_per_task - rate / 60 * processing.mean_seconds
    polls = idle_workers * hours * 3600 / usage.poll_seconds
    return {
        "Fargate": paid * hours * hour,
        "SQS": prices.sqs_request.of(images * usage.sqs_requests_per_image + polls),
    }


def _kafka(model: Model, prices: Prices, rate: float) -> dict[str, float]:
    """Price brokers, disks, the sink, and the traffic between zones: records of producers, and reads of the sink.

    Clients do not set client.rack, so two of three leaders are in another zone. Replication between brokers is free.
    """
    brokers, hours = cluster(model, rate), prices.hours_per_month
    gb = kafka_mb(model, rate) * hours * 3600 / MB_PER_GB
    elsewhere = (model.scaling.zones - 1) / model.scaling.zones
    return {
        "MSK brokers": prices.msk_broker_hour.of(brokers.large * hours),
        "MSK storage": prices.msk_gb_month.of(brokers.disk_gb * brokers.brokers),
        "MSK Connect": prices.mcu_hour.of(sink_units(model, rate) * hours),
        "Zone transfer": prices.zone_transfer_gb.of(2 * gb * elsewhere),
    }


def _shared(model: Model, prices: Prices, images: float) -> dict[str, float]:
    """Price keys, logs and endpoints."""
    work, usage = model.workload, model.usage
    objects = images * (3 + work.reads_per_image)  # two writes, one read by a worker, and downloads
    endpoints = usage.interface_endpoints * model.scaling.zones * prices.hours_per_month
    endpoint_gb = images * usage.endpoint_kb_per_image / KB_PER_GB
    return {
        "KMS": prices.kms_key.of(usage.keys) + prices.kms_request.of(objects * usage.bucket_key_share),
        "Logs": prices.logs_gb.of(images * work.log_kb / KB_PER_GB),
        "VPC endpoints": prices.endpoint_hour.of(endpoints) + prices.endpoint_gb.of(endpoint_gb),
    }
