"""Query files are found by name."""

import pytest

from common.errors import UsageError
from section2.config import QUERIES
from section2.operator.query_files import find_query, read_queries


def test_every_query_has_a_title() -> None:
    queries = read_queries(QUERIES)
    assert len(queries) == 11
    assert [name for name, query in queries.items() if not query.description[0].endswith(".")] == []


@pytest.mark.parametrize("name", ["nonsense", "../migrations/section2_create", "x'; drop schema sales cascade; --", ""])
def test_unknown_query_is_rejected(name: str) -> None:
    with pytest.raises(UsageError, match="no such query"):
        find_query(QUERIES, name)


def test_query_can_be_given_by_file_name() -> None:
    assert find_query(QUERIES, "section2_query_average_basket.sql").name == "average_basket"
