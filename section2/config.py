"""Where section 2's files are, and who works on its database."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
CONF = ROOT / "section2" / "conf"
QUERIES = ROOT / "section2" / "query"
STATEMENTS = ROOT / "section2" / "statement"
APPLICATIONS = ROOT / "section1" / "resource" / "dest"
CLUSTER = ROOT / ".local" / "postgresql" / "section2"

TEAMS = ("logistics", "analytics", "sales", "application", "dashboard", "loader")
ANALYTICS, LOADER = "analytics", "loader"
