"""Entity diagram of the live catalogue."""

import pytest

from common.graph import png, svg
from common.paths import ROOT
from common.picture import is_current
from common.postgresql import Server
from common.test.databases import run_sql
from section2.operator.diagram import graph_source

pytestmark = pytest.mark.integration

PICTURES = {kind: ROOT / "section2" / f"section2_entity_diagram.{kind}" for kind in ("svg", "png")}


@pytest.mark.parametrize("kind", PICTURES)
def test_committed_diagram_shows_the_latest_schema(sales: Server, kind: str) -> None:
    assert is_current(PICTURES[kind].read_bytes(), graph_source(sales)), "draw it again: sh section2_runner.sh erd"


def test_committed_diagram_of_an_older_schema_is_detected(sales: Server) -> None:
    for change in ("alter table sales.item add colour text", "drop table sales.payment"):
        run_sql(sales, change)
        assert not any(is_current(path.read_bytes(), graph_source(sales)) for path in PICTURES.values())


def test_diagram_shows_tables_keys_types_and_cardinalities(sales: Server) -> None:
    source = graph_source(sales)
    drawn = svg(source).decode()
    for text in ("order_line", "numeric(14,2)", "PK FK", "timestamptz ?"):
        assert text in drawn
    assert '"orders":out_order_id:e -> "order_line":in_order_id:w [arrowhead=crowodot]' in source
    assert '"member":out_member_id:e -> "member_spending_base":in_member_id:w [arrowhead=teeodot]' in source


def test_picture_records_the_hash_of_its_source(sales: Server) -> None:
    source = graph_source(sales)
    for picture in (svg(source), png(source)):
        assert is_current(picture, source)
        assert not is_current(picture, source + " ")
    assert not is_current(b"", source)
    assert png(source)[:8] == b"\x89PNG\r\n\x1a\n"
