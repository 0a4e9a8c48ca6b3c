"""Reads the SQL files of panels, annotations and variables."""

from section4.config import QUERIES
from section4.core.panels import PanelQuery, parse_query


def read_query(name: str, kind: str = "panel") -> PanelQuery:
    """Return the query in section4_KIND_NAME.sql."""
    return parse_query((QUERIES / f"section4_{kind}_{name}.sql").read_text())
