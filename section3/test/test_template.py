"""The template keeps every requirement, passes both checkers, and excuses itself at most five times."""

import re
from pathlib import Path
from typing import Any

import pytest

from section3.config import TEMPLATE
from section3.operator import checks
from section3.rules.requirements import RULES, violations
from section3.rules.template import Template, load, names, read, text

SUPPRESSIONS = {
    ("ImageBucket", "CKV_AWS_21"),
    ("LogBucket", "CKV_AWS_18"),
    ("RecordTable", "CKV_AWS_28"),
    ("ApiStage", "CKV_AWS_120"),
    ("ApiStage", "CKV_AWS_73"),
}


def test_no_requirement_is_broken() -> None:
    assert violations(load()) == []


def test_each_rule_says_its_requirement_in_one_line() -> None:
    for rule in RULES:
        assert re.fullmatch(r"[A-Z].+\.", rule.__doc__ or ""), rule.__name__
    assert len({rule.__name__ for rule in RULES}) == len(RULES) >= 50


def test_the_checkers_find_nothing() -> None:
    results = {result.checker: result for result in checks.check()}
    assert [result.findings for result in results.values()] == [[], [], []]
    assert results["requirements"].looked_at == len(RULES)
    assert results["cfn-lint"].looked_at == len(load().resources)
    assert results["checkov"].looked_at >= 200
    assert results["checkov"].skipped == len(SUPPRESSIONS) <= 5


def test_each_suppression_has_its_reason() -> None:
    found = set()
    for resource in load().resources.values():
        assert set(resource.metadata) <= {"checkov"}, "cfn-lint is told to leave nothing out"
        for skip in resource.metadata.get("checkov", {}).get("skip", []):
            found.add((resource.name, skip["id"]))
            assert len(skip["comment"].split()) >= 5
    assert found == SUPPRESSIONS
    assert "checkov:skip" not in TEMPLATE.read_text()


def test_what_any_checker_finds_is_told_and_fails(tmp_path: Path) -> None:
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
    with pytest.raises(checks.TemplateRefused) as refused:
        checks.check(changed)
    for words in (
        "requirements: Queue: is not encrypted",
        "cfn-lint: line 6: ",
        "checkov: CKV_AWS_27 AWS::SQS::Queue.Queue",
    ):
        assert words in str(refused.value)
    assert refused.value.exit_code == 1


def test_a_checker_that_cannot_read_the_template_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text("Resources: {}\n")
    with pytest.raises(checks.CheckerBroken):
        checks.checkov(tmp_path / "template.yaml")


def test_an_environment_that_cannot_be_made_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "somebody's file").touch()
    monkeypatch.setattr(checks, "CHECKOV_FOLDER", tmp_path)
    with pytest.raises(checks.CheckerBroken, match="was not created by this project"):
        checks.check()


def test_nothing_is_tied_to_a_region_or_an_account() -> None:
    words = TEMPLATE.read_text()
    assert re.findall(r"\b\d{12}\b", words) == []
    assert re.findall(r"\b(?:us|eu|ap|sa|ca|me|af|il)-(?:[a-z]+-)+\d", words) == []
    assert "arn:aws:" not in words


def test_brokers_spread_over_three_zones_however_many_there_are() -> None:
    counts = load().parameters["BrokerCount"]["AllowedValues"]
    assert counts == list(range(3, 61, 3))


def test_every_reference_leads_somewhere() -> None:
    known = {*read()["Parameters"], *read()["Resources"], "AWS"}
    for resource in load().resources.values():
        variables = re.findall(r"\$\{!(\w+)", text(resource.properties))
        assert set(names(resource.properties)) - set(variables) <= known


@pytest.mark.parametrize(
    ("value", "words"),
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
def test_references_are_told_as_text(value: Any, words: str) -> None:
    assert text(value) == words


def test_short_tags_become_long_forms(tmp_path: Path) -> None:
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


def test_a_template_without_parameters_is_one() -> None:
    assert Template.of({"Resources": {}}) == Template({}, {})
