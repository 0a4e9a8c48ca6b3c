"""Each rule catches templates that break it on purpose."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from section3.operator.template import read
from section3.rules.requirements import RULES, violations
from section3.rules.template import Template, Tree
from section3.test.mutations import access, api, encryption, monitoring, network, resilience, retention
from section3.test.mutations.base import Mutation, kafka_setting, put
from section3.test.support import UNSUPPORTED

ORIGINAL = read()
RULES_BY_NAME = {rule.__name__: rule for rule in RULES}
MUTATIONS = [
    pytest.param(rule, mutation, id=mutation.title)
    for module in (retention, encryption, access, api, network, resilience, monitoring)
    for rule, mutations in module.MUTATIONS.items()
    for mutation in mutations
]
LOG_GROUPS = sorted(name for name in ORIGINAL["Resources"] if name.endswith("LogGroup"))
EXPIRATION = "LifecycleConfiguration/Rules/0/ExpirationInDays"


def mutated(*mutations: Mutation) -> Tree:
    values = deepcopy(ORIGINAL)
    for mutation in mutations:
        mutation.change(values["Resources"])
    return values


def breaks(rule: str, *mutations: Mutation) -> bool:
    """Return whether a changed template breaks a rule."""
    return bool(violations(Template.of(mutated(*mutations)), [RULES_BY_NAME[rule]]))


@pytest.mark.parametrize(("rule", "mutation"), MUTATIONS)
def test_mutation_breaks_its_rule(rule: str, mutation: Mutation) -> None:
    assert mutated(mutation) != ORIGINAL
    assert breaks(rule, mutation)


def test_each_rule_has_mutations_with_unique_titles() -> None:
    assert {case.values[0] for case in MUTATIONS} == set(RULES_BY_NAME)
    assert len({case.id for case in MUTATIONS}) == len(MUTATIONS) >= 36


def test_each_type_that_moto_does_not_support_has_a_mutation() -> None:
    resources = Template.of(ORIGINAL).resources
    changed = {case.values[1].resource for case in MUTATIONS}  # type: ignore[union-attr] # a Mutation
    assert set(UNSUPPORTED) <= {resources[name].type for name in changed if name in resources}


small = settings(deadline=None, max_examples=25)


@pytest.mark.parametrize(
    ("rule", "resources", "path", "values"),
    [
        ("objects_expire", ("ImageBucket", "BiBucket", "LogBucket"), EXPIRATION, st.integers(8, 10_000)),
        (
            "messages_expire",
            ("WorkQueue", "DeadLetterQueue"),
            "MessageRetentionPeriod",
            st.integers(604_801, 1_209_600),
        ),
        ("logs_expire", LOG_GROUPS, "RetentionInDays", st.integers(8, 3653)),
    ],
)
@small
@given(data=st.data())
def test_retention_over_seven_days_breaks_the_rule(
    rule: str, resources: tuple[str, ...], path: str, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    resource, value = data.draw(st.sampled_from(resources)), data.draw(values)
    assert breaks(rule, put("", f"{resource}/{path}", value))


@small
@given(st.integers(1, 6), st.integers(1, 10))
def test_retention_of_older_versions_is_added(days: int, versions: int) -> None:
    current = put("", f"LogBucket/{EXPIRATION}", days)
    older = put(
        "", "LogBucket/LifecycleConfiguration/Rules/0/NoncurrentVersionExpiration", {"NoncurrentDays": versions}
    )
    assert breaks("objects_expire", current, older) == (days + versions > 7)


@small
@given(st.integers(1, 300), st.integers(1, 300))
def test_kafka_retention_and_roll_time_are_added(hours: int, roll: int) -> None:
    retention = kafka_setting("", "hours=24", f"hours={hours}")
    segments = kafka_setting("", "roll.ms=3600000", f"roll.ms={roll * 3_600_000}")
    assert breaks("kafka_records_expire", retention, segments) == (hours + roll > 7 * 24)
