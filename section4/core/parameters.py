"""Grafana's variables and macros in a panel's SQL, replaced by psycopg parameters."""

import re

_FILTER = re.compile(r"\$__timeFilter\(([\w.]+)\)")
_VARIABLE = re.compile(r"\$\{(\w+):sqlstring\}")


def with_parameters(sql: str) -> str:
    """Return the SQL with the parameters country, compared (a tuple), first and last (dates, inclusive)."""
    filtered = _FILTER.sub(r"\1 between %(first)s and %(last)s", sql.replace("%", "%%"))
    return _VARIABLE.sub(r"%(\1)s", filtered).replace("(%(compared)s)", "%(compared)s")
