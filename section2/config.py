"""Paths and roles of section 2."""

from common.paths import ROOT

MIGRATIONS = ROOT / "section2" / "migrations"
QUERIES = ROOT / "section2" / "queries"
SQL = ROOT / "section2" / "sql"
APPLICATIONS = ROOT / "section1" / "resource" / "dest"
CLUSTER = ROOT / ".local" / "postgresql" / "section2"

TEAMS = ("logistics", "analytics", "sales", "application", "dashboard", "loader")
ANALYTICS, LOADER = "analytics", "loader"
