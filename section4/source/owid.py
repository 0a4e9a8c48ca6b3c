"""Our World in Data: a long CSV; aggregates such as World stand among the countries."""

from section4.source import csv_table
from section4.source.asking import Place
from section4.util.country import code_of
from section4.util.record import Ask, Record, Refused, Said

NAME = "owid"
COLUMNS = ("country", "date", "total_cases", "new_cases", "total_deaths", "new_deaths")


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted. Raises: SourceBroken."""
    with place.get(place.address) as body:
        for name, day, *figures in csv_table.rows(NAME, body, COLUMNS):
            code = code_of(name)
            if code is None:
                yield Refused(name)
            elif ask.countries is None or code in ask.countries:
                on = csv_table.day(NAME, day)
                if ask.wants_day(on) and any(figures):
                    yield Record(code, on, *(csv_table.number(NAME, figure) for figure in figures))
