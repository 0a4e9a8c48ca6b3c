"""Writes Grafana's dashboards as JSON files."""

from section4.config import GRAFANA, QUERIES
from section4.core.dashboard import dashboard_json
from section4.core.panels import BOARDS


def write_dashboards() -> int:
    """Write one file per dashboard, and print their names."""
    for board in BOARDS:
        name = f"{board.uid}_dashboard.json"
        (GRAFANA / name).write_text(dashboard_json(board, QUERIES))
        print(f"wrote section4/grafana/{name}")
    return 0
