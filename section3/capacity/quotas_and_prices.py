"""Published quotas and prices of AWS, each with its source; conf/section3_*.yaml has the values."""

from typing import Annotated

from pydantic import BeforeValidator, Field, PositiveFloat

from common.config import Frozen

EMPTY_IS_NONE = BeforeValidator(lambda text: None if text in ("", "null") else text)
Known = Annotated[str | None, EMPTY_IS_NONE]
Dated = Annotated[Annotated[str, Field(pattern=r"^\d{4}-\d\d(-\d\d)?$")] | None, EMPTY_IS_NONE]


class PublishedValue(Frozen):
    """A published number, the page that publishes it, and the document that was read, with its date."""

    value: PositiveFloat
    unit: str
    source: str
    read: Known
    dated: Dated


class Tier(Frozen):
    """The value above a monthly quantity."""

    above: PositiveFloat
    value: PositiveFloat


class Price(PublishedValue):
    """The price of `per` units, with a lower value above each tier."""

    per: PositiveFloat = 1
    tiers: tuple[Tier, ...] = ()
    tiers_read: Known = None

    def of(self, quantity: float) -> float:
        """Return the cost of a monthly quantity."""
        starts = [0.0, *(tier.above for tier in self.tiers)]
        ends = [*starts[1:], float("inf")]
        values = [self.value, *(tier.value for tier in self.tiers)]
        steps = zip(starts, ends, values, strict=True)
        return sum(max(0.0, min(quantity, end) - start) * value for start, end, value in steps) / self.per


class Quotas(Frozen):
    """Quotas of the components."""

    api_requests: PublishedValue
    lambda_concurrency: PublishedValue
    lambda_requests_per_concurrency: PublishedValue
    s3_puts: PublishedValue
    s3_gets: PublishedValue
    sqs_in_flight: PublishedValue
    fargate_vcpu: PublishedValue
    fargate_spot_vcpu: PublishedValue
    ecs_tasks_per_service: PublishedValue
    fargate_launches: PublishedValue
    ecs_service_launches: PublishedValue
    dynamodb_write_units: PublishedValue
    dynamodb_new_table: PublishedValue
    firehose_requests: PublishedValue
    firehose_mib: PublishedValue
    msk_brokers: PublishedValue
    msk_brokers_zookeeper: PublishedValue
    msk_broker_gib: PublishedValue
    connect_workers: PublishedValue
    kms_requests: PublishedValue


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
    fargate_spot_discount: PublishedValue
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
