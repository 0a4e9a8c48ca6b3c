"""Costs and knees are what one computes by hand from the prices, limits and parameters of the files."""

from math import ceil

import pytest

from common.config import load
from section3.capacity.cost import COMPONENTS, bill, cluster, kafka_mb, monthly
from section3.capacity.facts import Fact, Price, Prices, Tier
from section3.capacity.knees import knees
from section3.capacity.model import Model
from section3.capacity.needs import as_it_stands, needs
from section3.capacity.sizing import launch_rate, most_brokers, planned_tasks, sink_units, slices
from section3.config import MODEL, PRICES

FILE, LIST = load(Model, MODEL), load(Prices, PRICES)


def price(value: float, *tiers: tuple[float, float], per: float = 1) -> Price:
    """Build a price."""
    steps = tuple(Tier(above=above, value=less) for above, less in tiers)
    return Price(value=value, per=per, unit="thing", source="here", read=None, dated=None, tiers=steps)


def knee(component: str, model: Model = FILE) -> int:
    """Return the rate of a component's knee."""
    return next(one.rate for one in knees(model) if one.component == component)


def test_a_price_is_for_so_many_units() -> None:
    assert price(3.5, per=1_000_000).of(2_000_000) == 7


def test_each_tier_is_for_what_lies_above_it_alone() -> None:
    tiered = price(3, (10, 2), (20, 1))
    assert [tiered.of(quantity) for quantity in (0, 10, 15, 20, 120)] == [0, 30, 40, 50, 150]


def test_ten_images_a_minute_need_a_task_in_every_zone_and_a_thousand_need_thirty() -> None:
    # 1,000 / 60 x 1.2 s = 20 busy workers, 28.6 tasks at 70 %, the same number in each of three zones
    assert [planned_tasks(FILE, rate) for rate in (10, 1_000)] == [3, 30]


def test_fargate_by_hand() -> None:
    # 30 tasks of 1 vCPU and 2 GB, 730 hours; three always on demand, three quarters of the others at half the price
    paid = 3 + 27 * (1 - 0.75 * 0.5)
    assert monthly(FILE, LIST, 1_000)["Fargate"] == pytest.approx(paid * 730 * (0.04048 + 2 * 0.004445))


def test_api_gateway_by_hand() -> None:
    # 43.8 million images a month: 80 % are uploads through the API, 20 % are read after a preflight: 1.2 requests
    assert monthly(FILE, LIST, 1_000)["API Gateway"] == pytest.approx(1.2 * 43.8 * 3.5)
    # 5,256 million: 333 at 3.50, 667 at 2.80, the rest at 2.38
    assert monthly(FILE, LIST, 100_000)["API Gateway"] == pytest.approx(333 * 3.5 + 667 * 2.8 + 4_256 * 2.38)


def test_the_firewall_sees_preflights_and_functions_do_not() -> None:
    none = FILE.changed({"workload": {"preflights": 0}})
    with_them, without = monthly(FILE, LIST, 1_000), monthly(none, LIST, 1_000)
    assert with_them["WAF"] - without["WAF"] == pytest.approx(0.2 * 43.8 * 0.6)
    assert with_them["Lambda"] == without["Lambda"]


def test_disks_are_paid_for_whether_full_or_not() -> None:
    # three of 500 GiB; at 1,000 a minute three copies of 24 hours of 6.7 MB/s on disks that are 70 % full need more
    assert monthly(FILE, LIST, 10)["MSK storage"] == pytest.approx(3 * 500 * 0.1)
    assert monthly(FILE, LIST, 1_000)["MSK storage"] == pytest.approx(1_000 / 60 * 0.4 / 1024 * 86_400 * 3 / 0.7 * 0.1)


def test_what_crosses_zones_by_hand() -> None:
    # producers write two thirds to leaders elsewhere, the sink reads two thirds from there
    gb = 43_800_000 * 0.2 * 2 / 1024
    assert monthly(FILE, LIST, 1_000)["Zone transfer"] == pytest.approx(2 * 2 / 3 * gb * 0.02)


def test_requests_to_storage_by_hand() -> None:
    # 0.8 forms, 0.2 records in three calls each, one processed image; read by a worker, and every fifth by a user
    puts, gets = 43.8e6 * (0.8 + 0.2 * 3 + 1), 43.8e6 * 1.2
    assert monthly(FILE, LIST, 1_000)["S3 requests"] == pytest.approx(puts / 1000 * 0.005 + gets / 1000 * 0.0004)


def test_storage_by_hand() -> None:
    # 1,440,000 images of 3 MB a day for eight days (the purge runs within one): less than the first 50 TB
    gb = 8 * 1_440_000 * 3 / 1024
    assert monthly(FILE, LIST, 1_000)["S3 storage"] == pytest.approx(gb * 0.023)


def test_nothing_is_billed_that_is_no_component_and_every_component_costs_something() -> None:
    for rate in FILE.rates:
        parts = monthly(FILE, LIST, rate)
        assert tuple(parts) == COMPONENTS
        assert all(dollars > 0 for dollars in parts.values())


def test_a_million_images_get_cheaper_with_the_rate() -> None:
    bills = [bill(FILE, LIST, rate) for rate in FILE.rates]
    totals = [sum(one.per_million().values()) for one in bills]
    assert totals == sorted(totals, reverse=True)
    assert bills[1].month == pytest.approx(sum(bills[1].parts.values()))


def test_kafka_at_a_million_a_minute_by_hand() -> None:
    # 3,333 images a second of 2 MB; three copies of 24 hours on disks of 16 TiB that are 70 % full
    mb = 1_000_000 / 60 * 0.2 * 2
    assert kafka_mb(FILE, 1_000_000) == pytest.approx(mb)
    brokers = ceil(mb / 1024 * 86_400 * 3 / 0.7 / 16_384 / 3) * 3
    assert cluster(FILE, 1_000_000).brokers == brokers == 150
    assert brokers > most_brokers(FILE).value


def test_a_cluster_with_zookeeper_has_half_the_brokers() -> None:
    assert most_brokers(FILE).value == 60
    old = FILE.changed({"template": {"kafka_version": "3.9.x"}})
    assert most_brokers(old).value == 30
    assert knee("MSK disks", old) == pytest.approx(knee("MSK disks") / 2, abs=1)


def test_the_cheapest_brokers_that_fit_the_quota_are_chosen() -> None:
    assert cluster(FILE, 10).fits == "3 kafka.m7g.large"
    assert cluster(FILE, 100_000).brokers <= most_brokers(FILE).value


def test_the_sink_has_two_units_at_least() -> None:
    assert [sink_units(FILE, rate) for rate in (10, 1_000, 100_000)] == [2, 2, 17]


def test_tasks_start_as_fast_as_service_and_account_allow() -> None:
    assert launch_rate(FILE, 60) == pytest.approx(500 / 60)
    assert launch_rate(FILE, 6_000) == pytest.approx(1_000 / 60)
    assert launch_rate(FILE, 60_000) == 20


def test_rates_are_cut_into_slices_of_five_thousand_a_minute() -> None:
    assert [slices(FILE, rate) for rate in FILE.rates] == [1, 1, 20, 200]


def test_knees_by_hand() -> None:
    # 35 a minute a task. Three on demand, then one to three spot: six spot are reached with 11 tasks, with 4 paid ones
    assert knee("Fargate vCPU") == 11 * 35
    assert knee("MinimumTasks") == 3 * 35
    assert knee("API Gateway") == 10_000 * 60 / 1.2
    assert knee("RequestsPerSecond") == 1_000 * 60 / 1.2
    assert knee("WAF, all users behind one address") == round(2_000 / 5 / 1.2)
    assert knee("Lambda") == 10_000 * 60
    # every image is 0.4 MB for Kafka, each of three brokers has a copy, for 86,400 seconds
    assert knee("BrokerStorage") == round(500 * 1024 / 86_400 / 0.4 * 60) == 889
    assert knee("BrokerStorage, alarm") == round(0.7 * 500 * 1024 / 86_400 / 0.4 * 60) == 622
    assert knee("BrokerType") == 3 * 10 / 0.4 * 60 == 4_500
    assert knee("S3 writes, stream/") == 3_500 / 0.2 / 3 * 60
    assert knee("S3 writes") == 3_500 * 60
    assert knee("DynamoDB") == 40_000 * 60
    assert knee("VPC addresses") == round(3 * 4_091 * 0.7 / 1.2 * 60)
    # in flight: 1.2 s of work, 300 s for one in 500 that fails, five times that for one in 2,000 that is poison
    assert knee("SQS") == round(120_000 / (1.2 + 300 * (1 / 500 + 5 / 2_000)) * 60)


def test_the_quota_on_demand_is_the_knee_where_it_is_the_smaller() -> None:
    limits = FILE.model_dump()["limits"]
    many = FILE.changed({"limits": {"fargate_spot_vcpu": limits["fargate_spot_vcpu"] | {"value": 4_000}}})
    assert knee("Fargate vCPU", many) == (3 + (6 - 3) * 4) * 35


def test_as_it_stands_the_lowest_knees_of_its_own_are_told() -> None:
    told = as_it_stands(knees(FILE))
    assert "up to 105 images a minute with the tasks that always run (MinimumTasks)" in told
    assert "up to 889 once tasks were added (BrokerStorage; its alarm rings at 622)" in told
    assert "at 385, a new account's quota has to be raised (Fargate vCPU)" in told
    assert "held up at 333" in told


def test_a_raised_disk_leaves_the_next_knee() -> None:
    told = as_it_stands(knees(FILE.changed({"template": {"broker_gib": 5_000, "maximum_tasks": 9}})))
    assert "up to 315 once tasks were added (MaximumTasks" in told
    assert "The first quota of AWS follows at 385" in told


def test_what_parameters_have_to_be_by_hand() -> None:
    need = {one.parameter: (one.default, one.values) for one in needs(FILE)}
    assert need["MinimumTasks"] == (3, (3, 30, 2_859, 28_572))
    assert need["MaximumTasks"] == (60, (12, 120, 11_436, 114_288))
    # 1.2 requests an image in bursts of three times the rate; 0.8 uploads of 0.05 seconds
    assert need["RequestsPerSecond"] == (1_000, (1, 60, 6_000, 60_000))
    assert need["UploadConcurrency"] == (100, (1, 2, 200, 2_000))
    assert need["sink workers of one unit (no parameter)"] == (8, (6, 6, 51, 501))
    assert need["BrokerCount"] == (3, (3, 3, 18, 150))
    assert need["BrokerStorage, GiB"][1][:2] == (500, ceil(1_000 / 60 * 0.4 / 1024 * 86_400 / 0.7))


def test_knees_are_sorted_and_say_what_to_do() -> None:
    rates = [one.rate for one in knees(FILE)]
    assert rates == sorted(rates)
    assert all(one.limit and one.remedy for one in knees(FILE))


def test_a_smaller_image_moves_kafkas_knee_and_not_the_queues() -> None:
    small = FILE.changed({"workload": {"image_mb": 0.2}})
    assert knee("MSK network", small) == pytest.approx(10 * knee("MSK network"), rel=1e-6)
    assert knee("SQS", small) == knee("SQS")


def test_every_price_and_limit_says_where_it_is_published_and_what_was_read() -> None:
    facts = [value for part in (LIST, FILE.limits) for _, value in part if isinstance(value, Fact)]
    assert len(facts) > 40
    for fact in facts:
        assert fact.source.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/"))
        assert fact.read is not None or fact.dated is None
