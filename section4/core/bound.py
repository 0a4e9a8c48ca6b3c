"""A panel's statement as PostgreSQL takes it: with parameters where Grafana puts variables and macros."""

import re

_FILTER = re.compile(r"\$__timeFilter\(([\w.]+)\)")
_VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")


def bound(statement: str) -> str:
    """Return the statement with psycopg's parameters: country, compared (a tuple), first and last (days, inclusive)."""
    filtered = _FILTER.sub(r"\1 between %(first)s and %(last)s", statement.replace("%", "%%"))
    return _VARIABLE.sub(r"%(\1)s", filtered).replace("(%(compared)s)", "%(compared)s")
