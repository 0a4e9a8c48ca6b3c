"""Writes Grafana's dashboards as JSON files."""

from section4.config import GRAFANA
from section4.core.dashboard import dashboard_json
from section4.core.panels import BOARDS
from section4.operator.queries import read_query


def write_dashboards() -> int:
    """Write one file per dashboard, and print their names."""
    for board in BOARDS:
        name = f"{board.uid}_dashboard.json"
        (GRAFANA / name).write_text(dashboard_json(board, read_query))
        print(f"wrote section4/grafana/{name}")
    return 0
