"""The committed results and plots are current, and the model's parameters are the template's."""

from pathlib import Path

import pytest

from common.config import load
from common.errors import UsageError
from common.picture import is_current
from section3 import main
from section3.capacity.bottlenecks import bottlenecks
from section3.capacity.cost import bill, cluster
from section3.capacity.model import SCENARIOS, Model, Scenario
from section3.capacity.quotas_and_prices import Prices
from section3.capacity.report import tables
from section3.capacity.required_parameters import required_parameters
from section3.capacity.scenario import simulate
from section3.config import CAPACITY, MODEL, PRICES, SECTION
from section3.operator import plots
from section3.operator.results import parameters_hash, read_results
from section3.operator.template import load as load_template

STALE = "run: .venv/bin/python -m section3 simulate"
PARAMETERS, PRICE_LIST, RESULTS = load(Model, MODEL), load(Prices, PRICES), read_results()


def test_committed_results_are_current() -> None:
    assert RESULTS.parameters == parameters_hash(), STALE
    assert RESULTS.bills == tuple(bill(PARAMETERS, PRICE_LIST, rate) for rate in PARAMETERS.rates), STALE
    assert RESULTS.bottlenecks == tuple(bottlenecks(PARAMETERS)), STALE
    assert RESULTS.required_parameters == tuple(required_parameters(PARAMETERS)), STALE
    assert CAPACITY.read_text("utf-8") == RESULTS.text()


@pytest.mark.parametrize("name", [plots.LATENCY, plots.QUEUE, plots.COST])
def test_committed_plot_is_current(name: str) -> None:
    assert is_current((SECTION / name).read_bytes(), CAPACITY.read_text("utf-8")), STALE


@pytest.mark.integration
@pytest.mark.parametrize(("rate", "scenario"), [(10, "zone_outage"), (1_000, "burst"), (1_000, "kafka_backlog")])
def test_simulation_reproduces_the_committed_outcome(rate: int, scenario: Scenario) -> None:
    assert simulate(PARAMETERS, rate, scenario) == RESULTS.outcome(rate, scenario), STALE


def test_committed_outcomes_are_complete_and_lost_nothing() -> None:
    cases = [(rate, scenario) for rate in PARAMETERS.rates for scenario in SCENARIOS]
    assert [(one.rate, one.scenario) for one in RESULTS.outcomes] == cases
    both = (*RESULTS.outcomes, *RESULTS.variants)
    assert {(one.expired, one.lost, one.left) for one in both} == {(0, 0, 0)}


def test_tables_have_equal_content_as_markdown_and_plain_text() -> None:
    for table in tables(RESULTS):
        markdown, _, note = table.markdown().removeprefix(f"**{table.title}**\n\n").partition("\n\n")
        assert len(markdown.splitlines()) == 2 + len(table.rows)
        assert {line.count("|") for line in markdown.splitlines()} == {len(table.columns) + 1}
        assert note.replace("\n", " ") == table.note
        assert table.plain().startswith(table.title)


@pytest.mark.integration
def test_simulate_selected_writes_nothing() -> None:
    before = CAPACITY.stat().st_mtime_ns
    shown = main.simulate_selected(10, "steady")
    assert "steady" in shown
    assert "burst" not in shown
    assert CAPACITY.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("rate", "scenario", "message"),
    [
        (0, "steady", "--rate: expected 1 to 1000000000000 images per minute, got 0."),
        (10, "earthquake", "--scenario: expected one of steady, burst, zone_outage, kafka_backlog, got 'earthquake'."),
    ],
)
def test_simulate_selected_rejects_invalid_options(rate: int, scenario: str, message: str) -> None:
    with pytest.raises(UsageError) as error:
        main.simulate_selected(rate, scenario)
    assert str(error.value) == message


@pytest.mark.parametrize("end", ["expired", "lost", "left"])
def test_simulation_that_loses_images_writes_nothing(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lossy = RESULTS.model_copy(update={"outcomes": (RESULTS.outcomes[0].model_copy(update={end: 1}),)})
    monkeypatch.setattr(main, "compute", lambda *_: lossy)
    monkeypatch.setattr(main, "write_results", lambda *_: pytest.fail("written"))
    with pytest.raises(main.ImagesLost, match="steady at 10"):
        main.simulate_all()


@pytest.mark.integration
def test_plots_record_the_hash_of_their_source(tmp_path: Path) -> None:
    plots.draw(RESULTS, "source", tmp_path)
    drawn = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(drawn) == {plots.LATENCY, plots.QUEUE, plots.COST}
    assert all(is_current(picture, "source") and len(picture) > 20_000 for picture in drawn.values())


def test_model_parameters_are_the_templates_defaults() -> None:
    own = load_template()
    queue, processing, scaling, defaults = (
        PARAMETERS.queue, PARAMETERS.processing, PARAMETERS.scaling, PARAMETERS.template,
    )  # fmt: skip
    target, rate = "TargetTrackingScalingPolicyConfiguration", "Rules/1/Statement/RateBasedStatement"
    weights = [own.number(own.resources["Service"].at(f"CapacityProviderStrategy/{index}/Weight")) for index in (0, 1)]
    on_demand, spot = (weight or 0 for weight in weights)
    assert processing.spot_share == spot / (on_demand + spot)
    assert own.resources["KafkaCluster"].at("KafkaVersion") == defaults.kafka_version
    assert own.parameters["BrokerType"]["Default"] == defaults.broker_type
    retention = f"log.retention.hours={PARAMETERS.kafka.retention_hours:.0f}\n"
    assert retention in own.resources["KafkaConfiguration"].at("ServerProperties")
    for resource, path, value in (
        ("WorkQueue", "VisibilityTimeout", queue.visibility_seconds),
        ("WorkQueue", "RedrivePolicy/maxReceiveCount", queue.max_receives),
        ("WorkQueue", "ReceiveMessageWaitTimeSeconds", PARAMETERS.usage.poll_seconds),
        ("WorkQueue", "MessageRetentionPeriod", queue.retention_hours * 3600),
        ("Service", "CapacityProviderStrategy/0/Base", scaling.zones),
        ("ScalingPolicy", f"{target}/ScaleInCooldown", scaling.in_cooldown_seconds),
        ("WebAcl", f"{rate}/Limit", defaults.waf_limit),
        ("WebAcl", f"{rate}/EvaluationWindowSec", defaults.waf_minutes * 60),
        ("KafkaCluster", "NumberOfBrokerNodes", defaults.brokers),
        ("KafkaCluster", "BrokerNodeGroupInfo/StorageInfo/EBSStorageInfo/VolumeSize", defaults.broker_gib),
        ("KafkaDiskAlarm", "Threshold", PARAMETERS.kafka.storage_fill * 100),
        ("TaskDefinition", "Cpu", processing.task_vcpu * 1024),
        ("TaskDefinition", "Memory", processing.task_gb * 1024),
        ("ScalingPolicy", f"{target}/TargetValue", scaling.backlog_per_task),
        ("ScalableTarget", "MinCapacity", defaults.minimum_tasks),
        ("ScalableTarget", "MaxCapacity", defaults.maximum_tasks),
        ("UploadFunction", "MemorySize", PARAMETERS.functions.gb * 1024),
        ("UploadFunction", "ReservedConcurrentExecutions", defaults.upload_concurrency),
        ("SinkConnector", "Capacity/AutoScaling/MaxWorkerCount", defaults.sink_workers),
        ("SinkConnector", "Capacity/AutoScaling/McuCount", 1),
    ):
        assert own.number(own.resources[resource].at(path)) == value, f"{resource}: {path}"
    assert own.number({"Ref": "RequestsPerSecond"}) == defaults.requests_per_second


def test_billed_resources_are_in_the_template() -> None:
    own, usage = load_template(), PARAMETERS.usage
    endpoints = [one for one in own.of_type("EC2::VPCEndpoint") if one.at("VpcEndpointType") == "Interface"]
    [rules] = [one.at("Rules") for one in own.of_type("WAFv2::WebACL")]
    assert len(endpoints) == usage.interface_endpoints
    assert len(own.of_type("EC2::Subnet")) == PARAMETERS.scaling.zones
    assert {one.at("CidrBlock").rpartition("/")[2] for one in own.of_type("EC2::Subnet")} == {"20"}
    assert usage.subnet_addresses == 2 ** (32 - 20) - 5
    assert len(own.of_type("KMS::Key")) == usage.keys
    assert len(rules) == usage.waf_rules
    assert own.number(own.resources["KafkaCluster"].at("NumberOfBrokerNodes")) == cluster(PARAMETERS, 1_000).brokers


def test_elasticity_variants_use_the_templates_task_limits() -> None:
    limits = {"minimum_tasks": PARAMETERS.template.minimum_tasks, "maximum_tasks": PARAMETERS.template.maximum_tasks}
    found = [one for one in PARAMETERS.variants if limits.items() <= one.parts.get("scaling", {}).items()]
    assert [(one.rate, one.scenario) for one in found] == [(1_000, "steady")] * 2


def test_changed_model_is_validated() -> None:
    with pytest.raises(ValueError, match="utilisation"):
        PARAMETERS.changed({"processing": {"utilisation": 1.5}})
