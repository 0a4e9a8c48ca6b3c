"""What others publish, quotas and prices, each with its source and what was read of it; conf/section3_*.yaml."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PositiveFloat

from common.config import Frozen

Known = Annotated[str | None, BeforeValidator(lambda text: None if text in ("", "null") else text)]
Dated = Annotated[
    Annotated[str, Field(pattern=r"^\d{4}-\d\d(-\d\d)?$")] | None,
    BeforeValidator(lambda text: None if text in ("", "null") else text),
]


class Fact(Frozen):
    """A published number: where it is published, and which document (of which date) was read for it, if any."""

    value: PositiveFloat
    unit: str
    source: str
    read: Known
    dated: Dated


class Tier(Frozen):
    """The value that holds above a quantity a month."""

    above: PositiveFloat
    value: PositiveFloat


class Price(Fact):
    """What `per` units cost, less above each tier."""

    per: PositiveFloat = 1
    tiers: tuple[Tier, ...] = ()
    tiers_read: Known = None

    def of(self, quantity: float) -> float:
        """Return what a month's quantity costs."""
        starts = [0.0, *(tier.above for tier in self.tiers)]
        ends = [*starts[1:], float("inf")]
        values = [self.value, *(tier.value for tier in self.tiers)]
        steps = zip(starts, ends, values, strict=True)
        return sum(max(0.0, min(quantity, end) - start) * value for start, end, value in steps) / self.per


class Limits(Frozen):
    """What a component refuses to do more of."""

    api_requests: Fact
    lambda_concurrency: Fact
    lambda_requests_per_concurrency: Fact
    s3_puts: Fact
    s3_gets: Fact
    sqs_in_flight: Fact
    fargate_vcpu: Fact
    fargate_spot_vcpu: Fact
    ecs_tasks_per_service: Fact
    fargate_launches: Fact
    ecs_service_launches: Fact
    dynamodb_write_units: Fact
    dynamodb_new_table: Fact
    firehose_requests: Fact
    firehose_mib: Fact
    msk_brokers: Fact
    msk_brokers_zookeeper: Fact
    msk_broker_gib: Fact
    connect_workers: Fact
    kms_requests: Fact


class Prices(Frozen):
    """List prices of one region."""

    region: str
    hours_per_month: PositiveFloat
    api_request: Price
    waf_acl: Price
    waf_rule: Price
    waf_request: Price
    lambda_request: Price
    lambda_gb_second: Price
    s3_put: Price
    s3_get: Price
    s3_gb_month: Price
    sqs_request: Price
    fargate_vcpu_hour: Price
    fargate_gb_hour: Price
    fargate_spot_discount: Fact
    dynamodb_write: Price
    dynamodb_read: Price
    dynamodb_gb_month: Price
    msk_broker_hour: Price
    msk_gb_month: Price
    mcu_hour: Price
    zone_transfer_gb: Price
    firehose_gb: Price
    firehose_conversion_gb: Price
    athena_tb: Price
    kms_request: Price
    kms_key: Price
    logs_gb: Price
    endpoint_hour: Price
    endpoint_gb: Price
    transfer_out_gb: Price
