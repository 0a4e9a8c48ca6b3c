"""Costs, sizes and limits match values calculated by hand from the prices, quotas and parameters of the files."""

from math import ceil

import pytest

from common.config import load
from section3.capacity.bottlenecks import bottlenecks
from section3.capacity.cost import COMPONENTS, bill, cluster, kafka_mb, monthly
from section3.capacity.model import Model
from section3.capacity.quotas_and_prices import Price, Prices, PublishedValue, Tier
from section3.capacity.required_parameters import capacity_with_defaults, required_parameters
from section3.capacity.sizing import launch_rate, most_brokers, planned_tasks, sink_units, slices
from section3.config import MODEL, PRICES

PARAMETERS, PRICE_LIST = load(Model, MODEL), load(Prices, PRICES)


def price(value: float, *tiers: tuple[float, float], per: float = 1) -> Price:
    steps = tuple(Tier(above=above, value=lower) for above, lower in tiers)
    return Price(value=value, per=per, unit="thing", source="here", read=None, dated=None, tiers=steps)


def limit_of(component: str, model: Model = PARAMETERS) -> int:
    return next(one.rate for one in bottlenecks(model) if one.component == component)


def test_price_is_divided_by_its_number_of_units() -> None:
    assert price(3.5, per=1_000_000).of(2_000_000) == 7


def test_price_tier_applies_to_the_quantity_above_it() -> None:
    tiered = price(3, (10, 2), (20, 1))
    assert [tiered.of(quantity) for quantity in (0, 10, 15, 20, 120)] == [0, 30, 40, 50, 150]


def test_sizes_by_hand() -> None:
    # 1,000 / 60 x 1.2 s = 20 busy workers, 28.6 tasks at 70 %, the same number in each of three zones
    assert [planned_tasks(PARAMETERS, rate) for rate in (10, 1_000)] == [3, 30]
    assert [sink_units(PARAMETERS, rate) for rate in (10, 1_000, 100_000)] == [2, 2, 17]
    assert [slices(PARAMETERS, rate) for rate in PARAMETERS.rates] == [1, 1, 20, 200]


def test_launch_rate_is_the_lower_quota_of_service_and_account() -> None:
    assert launch_rate(PARAMETERS, 60) == pytest.approx(500 / 60)
    assert launch_rate(PARAMETERS, 6_000) == pytest.approx(1_000 / 60)
    assert launch_rate(PARAMETERS, 60_000) == 20


GB_TO_KAFKA = 43_800_000 * 0.2 * 2 / 1024  # a month, at 1,000 images per minute


@pytest.mark.parametrize(
    ("component", "rate", "dollars"),
    [
        # 30 tasks of 1 vCPU and 2 GB, 730 hours; three on demand, three quarters of the others at half the price
        ("Fargate", 1_000, (3 + 27 * (1 - 0.75 * 0.5)) * 730 * (0.04048 + 2 * 0.004445)),
        # 43.8 million images: 80 % are uploads through the API, 20 % are read after a preflight: 1.2 requests
        ("API Gateway", 1_000, 1.2 * 43.8 * 3.5),
        # 5,256 million: 333 at 3.50, 667 at 2.80, the rest at 2.38
        ("API Gateway", 100_000, 333 * 3.5 + 667 * 2.8 + 4_256 * 2.38),
        # the minimum of three disks of 500 GiB
        ("MSK storage", 10, 3 * 500 * 0.1),
        # three copies of 24 hours of 6.7 MB/s on disks that are 70 % full
        ("MSK storage", 1_000, 1_000 / 60 * 0.4 / 1024 * 86_400 * 3 / 0.7 * 0.1),
        # producers write two thirds to leaders in other zones, the sink reads two thirds from there
        ("Zone transfer", 1_000, 2 * 2 / 3 * GB_TO_KAFKA * 0.02),
        # 0.8 forms, 0.2 records in three calls each, one processed image; one read, and every fifth by a user
        ("S3 requests", 1_000, 43.8e6 * (0.8 + 0.2 * 3 + 1) / 1000 * 0.005 + 43.8e6 * 1.2 / 1000 * 0.0004),
        # 1,440,000 images of 3 MB a day for eight days (the purge runs within one): less than the first 50 TB
        ("S3 storage", 1_000, 8 * 1_440_000 * 3 / 1024 * 0.023),
    ],
)
def test_monthly_cost_by_hand(component: str, rate: int, dollars: float) -> None:
    assert monthly(PARAMETERS, PRICE_LIST, rate)[component] == pytest.approx(dollars)


def test_preflights_cost_firewall_requests_and_no_function_calls() -> None:
    without = monthly(PARAMETERS.changed({"workload": {"preflights": 0}}), PRICE_LIST, 1_000)
    with_preflights = monthly(PARAMETERS, PRICE_LIST, 1_000)
    assert with_preflights["WAF"] - without["WAF"] == pytest.approx(0.2 * 43.8 * 0.6)
    assert with_preflights["Lambda"] == without["Lambda"]


def test_every_component_has_a_cost_and_a_million_gets_cheaper() -> None:
    bills = [bill(PARAMETERS, PRICE_LIST, rate) for rate in PARAMETERS.rates]
    assert {tuple(one.parts) for one in bills} == {COMPONENTS}
    assert all(dollars > 0 for one in bills for dollars in one.parts.values())
    totals = [sum(one.per_million().values()) for one in bills]
    assert totals == sorted(totals, reverse=True)


def test_kafka_cluster_at_a_million_per_minute_by_hand() -> None:
    # 3,333 images a second of 2 MB; three copies of 24 hours on disks of 16 TiB that are 70 % full
    mb = 1_000_000 / 60 * 0.2 * 2
    assert kafka_mb(PARAMETERS, 1_000_000) == pytest.approx(mb)
    brokers = ceil(mb / 1024 * 86_400 * 3 / 0.7 / 16_384 / 3) * 3
    assert cluster(PARAMETERS, 1_000_000).brokers == brokers == 150
    assert brokers > most_brokers(PARAMETERS).value


def test_cheapest_kafka_cluster_within_the_quota_is_chosen() -> None:
    assert cluster(PARAMETERS, 10).label == "3 kafka.m7g.large"
    assert cluster(PARAMETERS, 100_000).brokers <= most_brokers(PARAMETERS).value


def test_zookeeper_halves_the_quota_of_brokers() -> None:
    old = PARAMETERS.changed({"template": {"kafka_version": "3.9.x"}})
    assert (most_brokers(PARAMETERS).value, most_brokers(old).value) == (60, 30)
    assert limit_of("MSK disks", old) == pytest.approx(limit_of("MSK disks") / 2, abs=1)


@pytest.mark.parametrize(
    ("component", "rate"),
    [
        # 35 a minute per task. Three on demand, then one to three Spot: 11 tasks use six Spot and four on demand
        ("Fargate vCPU", 11 * 35),
        ("MinimumTasks", 3 * 35),
        ("API Gateway", 10_000 * 60 / 1.2),
        ("RequestsPerSecond", 1_000 * 60 / 1.2),
        ("WAF, all users behind one address", round(2_000 / 5 / 1.2)),
        ("Lambda", 10_000 * 60),
        # every image is 0.4 MB for Kafka, each of three brokers has a copy, for 86,400 seconds
        ("BrokerStorage", round(500 * 1024 / 86_400 / 0.4 * 60)),
        ("BrokerStorage, alarm", round(0.7 * 500 * 1024 / 86_400 / 0.4 * 60)),
        ("BrokerType", 3 * 10 / 0.4 * 60),
        ("S3 writes, stream/", 3_500 / 0.2 / 3 * 60),
        ("S3 writes", 3_500 * 60),
        ("DynamoDB", 40_000 * 60),
        ("VPC addresses", round(3 * 4_091 * 0.7 / 1.2 * 60)),
        # in flight: 1.2 s of work, 300 s for one in 500 that fails, five times that for one in 2,000 that is poison
        ("SQS", round(120_000 / (1.2 + 300 * (1 / 500 + 5 / 2_000)) * 60)),
    ],
)
def test_limit_by_hand(component: str, rate: float) -> None:
    assert limit_of(component) == rate


def test_limits_are_sorted_and_have_a_remedy() -> None:
    found = bottlenecks(PARAMETERS)
    assert found == sorted(found, key=lambda one: one.rate)
    assert all(one.limit and one.remedy for one in found)


def test_on_demand_quota_limits_tasks_when_spot_quota_is_larger() -> None:
    limits = PARAMETERS.model_dump()["limits"]
    many = PARAMETERS.changed({"limits": {"fargate_spot_vcpu": limits["fargate_spot_vcpu"] | {"value": 4_000}}})
    assert limit_of("Fargate vCPU", many) == (3 + (6 - 3) * 4) * 35


def test_smaller_images_raise_kafkas_limit_and_not_the_queues() -> None:
    small = PARAMETERS.changed({"workload": {"image_mb": 0.2}})
    assert limit_of("MSK network", small) == pytest.approx(10 * limit_of("MSK network"), rel=1e-6)
    assert limit_of("SQS", small) == limit_of("SQS")


def test_capacity_with_defaults_names_the_lowest_limit_of_each_kind() -> None:
    assert capacity_with_defaults(bottlenecks(PARAMETERS)) == (
        "With its defaults, the template carries up to 105 images per minute with the minimum of tasks (MinimumTasks), "
        "and up to 889 after scaling out (BrokerStorage; its alarm fires at 622). Before that, at 385, a new account's "
        "quota must be raised (Fargate vCPU); users who share one address are throttled at 333."
    )
    raised = PARAMETERS.changed({"template": {"broker_gib": 5_000, "maximum_tasks": 9}})
    text = capacity_with_defaults(bottlenecks(raised))
    assert "up to 315 after scaling out (MaximumTasks" in text
    assert "The first quota of AWS follows at 385" in text


def test_required_parameters_by_hand() -> None:
    required = {one.parameter: (one.default, one.values) for one in required_parameters(PARAMETERS)}
    assert required["MinimumTasks"] == (3, (3, 30, 2_859, 28_572))
    assert required["MaximumTasks"] == (60, (12, 120, 11_436, 114_288))
    # 1.2 requests an image in bursts of three times the rate; 0.8 uploads of 0.05 seconds
    assert required["RequestsPerSecond"] == (1_000, (1, 60, 6_000, 60_000))
    assert required["UploadConcurrency"] == (100, (1, 2, 200, 2_000))
    assert required["sink workers of one unit (no parameter)"] == (8, (6, 6, 51, 501))
    assert required["BrokerCount"] == (3, (3, 3, 18, 150))
    assert required["BrokerStorage, GiB"][1][:2] == (500, ceil(1_000 / 60 * 0.4 / 1024 * 86_400 / 0.7))


def test_each_price_and_quota_names_its_source() -> None:
    parts = (PRICE_LIST, PARAMETERS.limits)
    values = [value for part in parts for _, value in part if isinstance(value, PublishedValue)]
    assert len(values) > 40
    for value in values:
        assert value.source.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/"))
        assert value.read is not None or value.dated is None
