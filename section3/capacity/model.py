"""Parameters of the capacity model; conf/section3_model.yaml has the values."""

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from common.config import Frozen
from section3.capacity.quotas_and_prices import Dated, Known, Quotas

Scenario = Literal["steady", "burst", "zone_outage", "kafka_backlog"]
SCENARIOS: tuple[Scenario, ...] = get_args(Scenario)
Share = Annotated[float, Field(ge=0, le=1)]


class Workload(Frozen):
    """Uploads, reads and data sizes."""

    image_mb: PositiveFloat
    processed_mb: PositiveFloat
    kafka_share: Share
    poison_share: Share
    reads_per_image: NonNegativeFloat
    preflights: NonNegativeFloat
    retention_days: PositiveInt
    purge_lag_days: int
    bi_event_kb: PositiveFloat
    record_kb: PositiveFloat
    log_kb: PositiveFloat


class Processing(Frozen):
    """Processing time per image, and the tasks that process it."""

    mean_seconds: PositiveFloat
    cv: NonNegativeFloat
    distribution: Literal["lognormal", "exponential"]
    transient_share: Share
    workers_per_task: PositiveInt
    task_vcpu: PositiveFloat
    task_gb: PositiveFloat
    utilisation: Annotated[float, Field(gt=0, lt=1)]
    spot_share: Share


class Queue(Frozen):
    """Redelivery and retention of messages."""

    visibility_seconds: PositiveFloat
    max_receives: PositiveInt
    duplicate_share: Share
    notify_seconds: NonNegativeFloat
    retention_hours: PositiveFloat


class Scaling(Frozen):
    """Adding, removing and replacing tasks. Default limits: the planned tasks, and `max_factor` times as many."""

    zones: PositiveInt
    metric_seconds: PositiveFloat
    out_periods: PositiveInt
    in_periods: PositiveInt
    in_cooldown_seconds: NonNegativeFloat
    in_share: Annotated[float, Field(gt=0, le=1)]
    backlog_per_task: PositiveFloat
    max_factor: PositiveFloat
    start_seconds: NonNegativeFloat
    detect_seconds: NonNegativeFloat
    minimum_tasks: PositiveInt | None = None
    maximum_tasks: PositiveInt | None = None


class Window(Frozen):
    """Minutes of a burst, an outage or a backlog."""

    start: NonNegativeFloat
    length: PositiveFloat
    factor: PositiveFloat = 1


class Scenarios(Frozen):
    """Schedule of each scenario."""

    warm_up_minutes: NonNegativeFloat
    minutes: PositiveFloat
    drain_minutes: PositiveFloat
    burst: Window
    zone_outage: Window
    kafka_backlog: Window
    least_images: PositiveInt
    largest_slice: PositiveInt
    seed: int


class Functions(Frozen):
    """The two functions behind the API."""

    seconds: PositiveFloat
    gb: PositiveFloat


class Brokers(Frozen):
    """MB per second that a broker of each size accepts from producers."""

    source: str
    read: Known
    dated: Dated
    sizes: dict[str, PositiveFloat]


class Kafka(Frozen):
    """The cluster and its sink."""

    retention_hours: PositiveFloat
    copies: PositiveInt
    storage_fill: Share
    records_per_mcu: PositiveFloat
    brokers: Brokers


class Usage(Frozen):
    """Billed usage besides images."""

    sqs_requests_per_image: PositiveFloat
    poll_seconds: PositiveFloat
    sink_puts_per_object: PositiveFloat
    write_units_per_image: PositiveFloat
    read_units_per_read: PositiveFloat
    bucket_key_share: Share
    keys: PositiveInt
    waf_rules: PositiveInt
    interface_endpoints: PositiveInt
    endpoint_kb_per_image: PositiveFloat
    athena_queries_per_day: PositiveFloat
    parquet_share: Share
    subnet_addresses: PositiveInt


class Template(Frozen):
    """Limits set by the template's parameters."""

    requests_per_second: PositiveFloat
    upload_concurrency: PositiveFloat
    waf_limit: PositiveFloat
    waf_minutes: PositiveFloat
    minimum_tasks: PositiveInt
    maximum_tasks: PositiveInt
    kafka_version: str
    brokers: PositiveInt
    broker_type: str
    broker_gib: PositiveFloat
    sink_workers: PositiveInt


class Variant(Frozen):
    """A design change, and the scenario and rate (images per minute) that show its effect."""

    change: str
    rate: PositiveInt
    scenario: Scenario
    parts: dict[str, dict[str, float]]


class Model(Frozen):
    """All assumptions of the simulation and the costs."""

    rates: tuple[PositiveInt, ...]
    workload: Workload
    processing: Processing
    queue: Queue
    scaling: Scaling
    scenarios: Scenarios
    functions: Functions
    kafka: Kafka
    usage: Usage
    template: Template
    variants: tuple[Variant, ...]
    limits: Quotas

    def changed(self, parts: dict[str, dict[str, Any]]) -> "Model":
        """Return the model with other values in some parts, validated like the file."""
        content = self.model_dump()
        for part, values in parts.items():
            content[part] |= values
        return Model.model_validate(content)
