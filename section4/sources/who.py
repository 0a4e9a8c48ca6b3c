"""The World Health Organization: a long CSV with a BOM; codes are ISO's, of which NA is Namibia's."""

from section4.core.country import code_of, is_code
from section4.core.record import Ask, Said
from section4.sources import csv_table
from section4.sources.asking import Place

NAME = "who"
FIGURES = ("Cumulative_cases", "New_cases", "Cumulative_deaths", "New_deaths")
COLUMNS = ("Country_code", "Country", "Date_reported", *FIGURES)


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted. Raises: SourceBroken."""
    return csv_table.records(NAME, place, ask, COLUMNS, lambda code, name: code if is_code(code) else code_of(name))
