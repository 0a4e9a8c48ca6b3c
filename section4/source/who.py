"""The World Health Organization: a long CSV with a BOM; codes are ISO's, of which NA is Namibia's."""

from section4.source import csv_table
from section4.source.asking import Place
from section4.util.country import code_of, is_code
from section4.util.record import Ask, Record, Refused, Said

NAME = "who"
FIGURES = ("Cumulative_cases", "New_cases", "Cumulative_deaths", "New_deaths")
COLUMNS = ("Country_code", "Country", "Date_reported", *FIGURES)


def records(place: Place, ask: Ask) -> Said:
    """Give what is wanted. Raises: SourceBroken."""
    with place.get(place.address) as body:
        for told, name, day, *figures in csv_table.rows(NAME, body, COLUMNS):
            code = told if is_code(told) else code_of(name)
            if code is None:
                yield Refused(name)
            elif ask.countries is None or code in ask.countries:
                on = csv_table.day(NAME, day)
                if ask.wants_day(on) and any(figures):
                    yield Record(code, on, *(csv_table.number(NAME, figure) for figure in figures))
