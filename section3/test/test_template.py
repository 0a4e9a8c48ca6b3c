"""The template meets every requirement and passes both checkers, with five suppressions."""

import re
from pathlib import Path
from typing import Any

import pytest

from section3.config import TEMPLATE
from section3.operator import checks
from section3.operator.template import load, read
from section3.rules.requirements import RULES, violations
from section3.rules.template import Template, names, text

SUPPRESSIONS = {
    ("ImageBucket", "CKV_AWS_21"),
    ("LogBucket", "CKV_AWS_18"),
    ("RecordTable", "CKV_AWS_28"),
    ("ApiStage", "CKV_AWS_120"),
    ("ApiStage", "CKV_AWS_73"),
}


def test_template_breaks_no_rule() -> None:
    assert violations(load()) == []


def test_each_rule_has_a_one_line_description() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[A-Z].+\.", rule.__doc__ or ""), rule.__name__
    assert len({rule.__name__ for rule in RULES}) == len(RULES) >= 50


@pytest.mark.integration
def test_checkers_have_no_findings() -> None:
    results = {result.checker: result for result in checks.check()}
    assert [result.findings for result in results.values()] == [[], [], []]
    assert results["requirements"].checked == len(RULES)
    assert results["cfn-lint"].checked == len(load().resources)
    assert results["checkov"].checked >= 200
    assert results["checkov"].suppressed == len(SUPPRESSIONS)


def test_each_suppression_has_a_reason() -> None:
    found = set()
    for resource in load().resources.values():
        assert set(resource.metadata) <= {"checkov"}, "no suppression of cfn-lint"
        for skip in resource.metadata.get("checkov", {}).get("skip", []):
            found.add((resource.name, skip["id"]))
            assert len(skip["comment"].split()) >= 5
    assert found == SUPPRESSIONS
    assert "checkov:skip" not in TEMPLATE.read_text()


@pytest.mark.integration
def test_check_raises_with_the_findings_of_all_checkers(tmp_path: Path) -> None:
    changed = tmp_path / "template.yaml"
    changed.write_text(
        """
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: soon}
"""
    )
    with pytest.raises(checks.TemplateRejected) as error:
        checks.check(changed)
    for finding in (
        "requirements: Queue: is not encrypted",
        "cfn-lint: line 6: ",
        "checkov: CKV_AWS_27 AWS::SQS::Queue.Queue",
    ):
        assert finding in str(error.value)
    assert error.value.exit_code == 1


@pytest.mark.integration
def test_checkov_without_a_report_raises(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    with pytest.raises(checks.CheckerFailed):
        checks.checkov(tmp_path / "template.yaml")


@pytest.mark.integration
def test_checkov_that_cannot_be_installed_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other file").touch()
    monkeypatch.setattr(checks, "CHECKOV_DIRECTORY", tmp_path)
    with pytest.raises(checks.CheckerFailed, match="was not created by this project"):
        checks.check()


def test_template_names_no_region_and_no_account() -> None:
    content = TEMPLATE.read_text()
    assert re.findall(r"\b\d{12}\b", content) == []
    assert re.findall(r"\b(?:us|eu|ap|sa|ca|me|af|il)-(?:[a-z]+-)+\d", content) == []
    assert "arn:aws:" not in content


def test_broker_count_is_a_multiple_of_three_zones() -> None:
    assert load().parameters["BrokerCount"]["AllowedValues"] == list(range(3, 61, 3))


def test_every_reference_exists() -> None:
    known = {*read()["Parameters"], *read()["Resources"], "AWS"}
    for resource in load().resources.values():
        variables = re.findall(r"\$\{!(\w+)", text(resource.properties))
        assert set(names(resource.properties)) - set(variables) <= known


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "A"}, "${A}"),
        ({"Fn::GetAtt": ["A", "B.C"]}, "${A.B.C}"),
        ({"Fn::Sub": "x/${A}/y"}, "x/${A}/y"),
        ({"Fn::Sub": ["x/${V}/${A}", {"V": {"Fn::GetAtt": ["B", "Arn"]}}]}, "x/${B.Arn}/${A}"),
        ({"Fn::Join": ["-", ["x", {"Ref": "A"}]]}, "x-${A}"),
        ([{"Ref": "A"}, {"k": {"Ref": "B"}}], "${A} ${B}"),
        (7, "7"),
    ],
)
def test_text_contains_references(value: Any, expected: str) -> None:
    assert text(value) == expected


def test_load_expands_short_tags(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        """
Parameters: {Days: {Type: Number, Default: 7}}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${AWS::StackName}-q", KmsMasterKeyId: !GetAtt Key.Arn, Since: 2012-10-17,
      Zone: !Select [0, !GetAZs ""], MessageRetentionPeriod: !Ref Days}
"""
    )
    template = load(path)
    [queue] = template.of_type("SQS::Queue")
    assert queue.properties == {
        "QueueName": {"Fn::Sub": "${AWS::StackName}-q"},
        "KmsMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        "Since": "2012-10-17",
        "Zone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
        "MessageRetentionPeriod": {"Ref": "Days"},
    }
    assert template.number(queue.at("MessageRetentionPeriod")) == 7
    assert (queue.at("Nothing/0/Here"), template.number({"Ref": "Unknown"})) == (None, None)
    assert Template.of({"Resources": {}}) == Template({}, {})
