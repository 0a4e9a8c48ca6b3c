"""The committed results and pictures are of the committed parameters, and these are the template's."""

from pathlib import Path

import pytest

from common.config import load
from common.errors import UsageError
from common.picture import is_current
from section3.capacity.cost import bill, cluster
from section3.capacity.facts import Prices
from section3.capacity.knees import knees
from section3.capacity.model import SCENARIOS, Model, Scenario
from section3.capacity.needs import needs
from section3.capacity.outcome import simulate
from section3.capacity.report import sections
from section3.config import CAPACITY, MODEL, PRICES, SECTION
from section3.operator import capacity, plots
from section3.rules import template

ANEW = "make them anew: .venv/bin/python -m section3 simulate"
FILE, LIST, WRITTEN = load(Model, MODEL), load(Prices, PRICES), capacity.read()


def test_the_results_are_of_these_parameters_and_prices() -> None:
    assert WRITTEN.parameters == capacity.parameters(), ANEW
    assert WRITTEN.bills == tuple(bill(FILE, LIST, rate) for rate in FILE.rates), ANEW
    assert WRITTEN.knees == tuple(knees(FILE)), ANEW
    assert WRITTEN.needs == tuple(needs(FILE)), ANEW


@pytest.mark.parametrize(("rate", "scenario"), [(10, "zone_outage"), (1_000, "burst"), (1_000, "kafka_backlog")])
def test_simulating_again_gives_the_written_outcome(rate: int, scenario: Scenario) -> None:
    assert simulate(FILE, rate, scenario) == WRITTEN.outcome(rate, scenario), ANEW


def test_every_rate_and_scenario_was_simulated_and_lost_nothing() -> None:
    assert [(one.rate, one.scenario) for one in WRITTEN.outcomes] == [(r, s) for r in FILE.rates for s in SCENARIOS]
    both = (*WRITTEN.outcomes, *WRITTEN.variants)
    assert all((one.expired, one.lost, one.left) == (0, 0, 0) for one in both)


@pytest.mark.parametrize("name", [plots.LATENCY, plots.QUEUE, plots.COST])
def test_committed_plot_is_current(name: str) -> None:
    assert is_current((SECTION / name).read_bytes(), CAPACITY.read_text("utf-8")), ANEW


def test_the_written_file_is_the_results_text() -> None:
    assert CAPACITY.read_text("utf-8") == WRITTEN.text()


def test_tables_are_shown_on_a_terminal_and_in_a_readme() -> None:
    for section in sections(WRITTEN):
        table, _, note = section.markdown().removeprefix(f"**{section.title}**\n\n").partition("\n\n")
        assert len(table.splitlines()) == 2 + len(section.rows)
        assert {line.count("|") for line in table.splitlines()} == {len(section.columns) + 1}
        assert note.replace("\n", " ") == section.note
        assert section.plain().startswith(section.title)


def test_one_rate_and_scenario_are_simulated_and_nothing_is_written() -> None:
    before = CAPACITY.stat().st_mtime_ns
    shown = capacity.shown(10, "steady")
    assert "steady" in shown
    assert "burst" not in shown
    assert CAPACITY.stat().st_mtime_ns == before


@pytest.mark.parametrize(("rate", "scenario"), [(0, "steady"), (10, "earthquake")])
def test_an_impossible_wish_is_refused(rate: int, scenario: str) -> None:
    with pytest.raises(UsageError):
        capacity.shown(rate, scenario)


@pytest.mark.parametrize("end", ["expired", "lost", "left"])
def test_a_loss_is_no_result(end: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lossy = WRITTEN.model_copy(update={"outcomes": (WRITTEN.outcomes[0].model_copy(update={end: 1}),)})
    monkeypatch.setattr(capacity, "computed", lambda *_: lossy)
    monkeypatch.setattr(capacity, "publish", lambda *_: pytest.fail("published"))
    with pytest.raises(capacity.ImagesLost, match="steady at 10"):
        capacity.make()


@pytest.mark.integration
def test_plots_are_drawn_and_record_their_source(tmp_path: Path) -> None:
    plots.draw(WRITTEN, "source", tmp_path)
    for path in tmp_path.iterdir():
        assert is_current(path.read_bytes(), "source")
        assert path.stat().st_size > 20_000


def test_the_parameters_are_those_of_the_template() -> None:
    """The model is of the platform that is deployed, not of one that resembles it."""
    own = template.load()
    queue, processing, scaling, usage, ours = FILE.queue, FILE.processing, FILE.scaling, FILE.usage, FILE.template
    target, rate = "TargetTrackingScalingPolicyConfiguration", "Rules/1/Statement/RateBasedStatement"
    weights = [own.number(own.resources["Service"].at(f"CapacityProviderStrategy/{place}/Weight")) for place in (0, 1)]
    paid, spare = (weight or 0 for weight in weights)
    assert processing.spot_share == spare / (paid + spare)
    assert own.resources["KafkaCluster"].at("KafkaVersion") == ours.kafka_version
    assert own.parameters["BrokerType"]["Default"] == ours.broker_type
    retained = f"log.retention.hours={FILE.kafka.retention_hours:.0f}\n"
    assert retained in own.resources["KafkaConfiguration"].at("ServerProperties")
    for resource, path, value in (
        ("WorkQueue", "VisibilityTimeout", queue.visibility_seconds),
        ("WorkQueue", "RedrivePolicy/maxReceiveCount", queue.max_receives),
        ("WorkQueue", "ReceiveMessageWaitTimeSeconds", usage.poll_seconds),
        ("WorkQueue", "MessageRetentionPeriod", queue.retention_hours * 3600),
        ("Service", "CapacityProviderStrategy/0/Base", scaling.zones),
        ("ScalingPolicy", f"{target}/ScaleInCooldown", scaling.in_cooldown_seconds),
        ("WebAcl", f"{rate}/Limit", ours.waf_limit),
        ("WebAcl", f"{rate}/EvaluationWindowSec", ours.waf_minutes * 60),
        ("KafkaCluster", "NumberOfBrokerNodes", ours.brokers),
        ("KafkaCluster", "BrokerNodeGroupInfo/StorageInfo/EBSStorageInfo/VolumeSize", ours.broker_gib),
        ("KafkaDiskAlarm", "Threshold", FILE.kafka.storage_fill * 100),
        ("TaskDefinition", "Cpu", processing.task_vcpu * 1024),
        ("TaskDefinition", "Memory", processing.task_gb * 1024),
        ("ScalingPolicy", f"{target}/TargetValue", scaling.backlog_per_task),
        ("ScalableTarget", "MinCapacity", ours.minimum_tasks),
        ("ScalableTarget", "MaxCapacity", ours.maximum_tasks),
        ("UploadFunction", "MemorySize", FILE.functions.gb * 1024),
        ("UploadFunction", "ReservedConcurrentExecutions", ours.upload_concurrency),
        ("SinkConnector", "Capacity/AutoScaling/MaxWorkerCount", ours.sink_workers),
        ("SinkConnector", "Capacity/AutoScaling/McuCount", 1),
    ):
        assert own.number(own.resources[resource].at(path)) == value, f"{resource}: {path}"
    assert own.number({"Ref": "RequestsPerSecond"}) == ours.requests_per_second


def test_what_the_bill_counts_is_in_the_template() -> None:
    own, usage = template.load(), FILE.usage
    endpoints = [one for one in own.of_type("EC2::VPCEndpoint") if one.at("VpcEndpointType") == "Interface"]
    [rules] = [one.at("Rules") for one in own.of_type("WAFv2::WebACL")]
    assert len(endpoints) == usage.interface_endpoints
    assert len(own.of_type("EC2::Subnet")) == FILE.scaling.zones
    assert {one.at("CidrBlock").rpartition("/")[2] for one in own.of_type("EC2::Subnet")} == {"20"}
    assert usage.subnet_addresses == 2 ** (32 - 20) - 5
    assert len(own.of_type("KMS::Key")) == usage.keys
    assert len(rules) == usage.waf_rules
    assert own.number(own.resources["KafkaCluster"].at("NumberOfBrokerNodes")) == cluster(FILE, 1_000).brokers


def test_elasticity_alone_is_shown_with_the_templates_defaults() -> None:
    default = {"minimum_tasks": FILE.template.minimum_tasks, "maximum_tasks": FILE.template.maximum_tasks}
    alone = [one for one in FILE.variants if default.items() <= one.parts.get("scaling", {}).items()]
    assert [(one.rate, one.scenario) for one in alone] == [(1_000, "steady")] * 2


def test_a_value_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="utilisation"):
        FILE.changed({"processing": {"utilisation": 1.5}})
