"""Our World in Data: a long CSV; aggregates such as World stand among the countries."""

from section4.core.country import code_of
from section4.core.record import Ask, Said
from section4.sources import csv_table
from section4.sources.asking import Place

NAME = "owid"
COLUMNS = ("country", "country", "date", "total_cases", "new_cases", "total_deaths", "new_deaths")


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted. Raises: SourceBroken."""
    return csv_table.records(NAME, place, ask, COLUMNS, lambda name, _: code_of(name))
