"""The committed entity diagrams show the schema as it is."""

import pytest

from common.graph import png, svg
from common.paths import ROOT
from common.picture import is_current
from common.postgresql import Server
from common.test.databases import run_sql
from section2.operator.diagram import graph_source

PICTURES = {kind: ROOT / "section2" / f"section2_entity_diagram.{kind}" for kind in ("svg", "png")}


@pytest.mark.parametrize("kind", PICTURES)
def test_the_committed_diagram_is_of_the_newest_version(sales: Server, kind: str) -> None:
    assert is_current(PICTURES[kind].read_bytes(), graph_source(sales)), "draw it anew: sh section2_runner.sh erd"


@pytest.mark.parametrize("change", ["alter table sales.item add colour text", "drop table sales.payment"])
def test_a_diagram_of_another_schema_is_seen(sales: Server, change: str) -> None:
    run_sql(sales, change)
    for path in PICTURES.values():
        assert not is_current(path.read_bytes(), graph_source(sales))


def test_it_shows_tables_keys_types_and_cardinalities(sales: Server) -> None:
    drawn = svg(graph_source(sales)).decode()
    for text in ("order_line", "numeric(14,2)", "PK FK", "timestamptz ?"):
        assert text in drawn
    source = graph_source(sales)
    assert '"orders":out_order_id:e -> "order_line":in_order_id:w [arrowhead=crowodot]' in source
    assert '"member":out_member_id:e -> "member_spending_base":in_member_id:w [arrowhead=teeodot]' in graph_source(
        sales
    )


def test_a_picture_tells_what_it_was_drawn_from(sales: Server) -> None:
    dot = graph_source(sales)
    for picture in (svg(dot), png(dot)):
        assert is_current(picture, dot)
        assert not is_current(picture, dot + " ")
        assert not is_current(b"", dot)
    assert png(dot)[:8] == b"\x89PNG\r\n\x1a\n"
