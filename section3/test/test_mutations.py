"""Each requirement, broken on purpose, is caught by its rule; so the rules mean what they say."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from section3.rules.requirements import RULES, violations
from section3.rules.template import Template, read
from section3.test.mutations import access, api, encryption, monitoring, network, resilience, retention
from section3.test.mutations.base import Mutation, kafka_setting, put
from section3.test.support import UNSUPPORTED

ORIGINAL = read()
MUTATIONS = [
    mutation
    for group in (retention, encryption, access, api, network, resilience, monitoring)
    for mutation in group.MUTATIONS
]
LOG_GROUPS = sorted(name for name in ORIGINAL["Resources"] if name.endswith("LogGroup"))
EXPIRY = "LifecycleConfiguration/Rules/0/ExpirationInDays"


def mutated(mutation: Mutation) -> Template:
    """Return the template with one requirement broken."""
    values = deepcopy(ORIGINAL)
    mutation.change(values["Resources"])
    assert values != ORIGINAL
    return Template.of(values)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.words)
def test_a_broken_requirement_is_caught_by_its_rule(mutation: Mutation) -> None:
    caught = {violation.rule for violation in violations(mutated(mutation))}
    assert mutation.rule in caught


def test_each_rule_catches_a_mutation() -> None:
    assert {mutation.rule for mutation in MUTATIONS} == {rule.__name__ for rule in RULES}


def test_each_type_that_moto_lacks_is_covered_by_a_rule() -> None:
    resources = Template.of(ORIGINAL).resources
    covered = {resources[mutation.resource].type for mutation in MUTATIONS if mutation.resource in resources}
    assert set(UNSUPPORTED) <= covered


def test_names_of_mutations_are_of_one_each() -> None:
    assert len({mutation.words for mutation in MUTATIONS}) == len(MUTATIONS) >= 36


def rules_broken_by(place: str, value: Any) -> set[str]:
    """Return the rules that catch a value at a place."""
    return {violation.rule for violation in violations(mutated(put("", "", place, value)))}


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(["ImageBucket", "BiBucket", "LogBucket"]), st.integers(8, 10_000))
def test_a_bucket_that_keeps_more_than_seven_days_is_caught(bucket: str, days: int) -> None:
    assert "objects_expire" in rules_broken_by(f"{bucket}/{EXPIRY}", days)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 6), st.integers(1, 10))
def test_days_of_older_versions_count_on_top(days: int, versions: int) -> None:
    values = deepcopy(ORIGINAL)
    [rule, _] = values["Resources"]["LogBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    rule |= {"ExpirationInDays": days, "NoncurrentVersionExpiration": {"NoncurrentDays": versions}}
    caught = "objects_expire" in {violation.rule for violation in violations(Template.of(values))}
    assert caught == (days + versions > 7)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 300), st.integers(1, 300))
def test_kafka_keeps_records_for_retention_and_roll_together(hours: int, roll: int) -> None:
    values = deepcopy(ORIGINAL)
    for old, new in (("hours=24", f"hours={hours}"), ("roll.ms=3600000", f"roll.ms={roll * 3_600_000}")):
        kafka_setting("", "", old, new).change(values["Resources"])
    caught = "kafka_forgets" in {violation.rule for violation in violations(Template.of(values))}
    assert caught == (hours + roll > 7 * 24)


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(["WorkQueue", "DeadLetterQueue"]), st.integers(604_801, 1_209_600))
def test_a_queue_that_keeps_more_than_seven_days_is_caught(queue: str, seconds: int) -> None:
    assert "queues_forget" in rules_broken_by(f"{queue}/MessageRetentionPeriod", seconds)


@settings(deadline=None, max_examples=25)
@given(st.integers(169, 100_000))
def test_a_kafka_that_keeps_more_than_seven_days_is_caught(hours: int) -> None:
    longer = kafka_setting("", "kafka_forgets", "retention.hours=24", f"retention.hours={hours}")
    assert "kafka_forgets" in {violation.rule for violation in violations(mutated(longer))}


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(LOG_GROUPS), st.integers(8, 3653))
def test_a_log_that_keeps_more_than_seven_days_is_caught(group: str, days: int) -> None:
    assert "logs_forget" in rules_broken_by(f"{group}/RetentionInDays", days)
