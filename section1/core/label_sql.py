"""The SQL of section 1, and the rules as the named parameters of section1_label.sql."""

from collections.abc import Iterable
from datetime import date

from section1.config import SQL, Rules, slot
from section1.core.columns import WHITE_SPACE

LABEL = SQL / "section1_label.sql"
SHARED_IDS = SQL / "section1_shared_ids.sql"
RELABEL = SQL / "section1_relabel.sql"
COMPARE = SQL / "section1_compare.sql"
TITLES = ("Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof")
SUFFIXES = ("MD", "DDS", "DVM", "PhD", "Jr", "Sr", "II", "III", "IV", "V")


def parameters(rules: Rules) -> dict[str, str]:
    """Return the values of LABEL's parameters. A date shape that is not configured is empty and matches nothing."""
    shapes = {slot(shape): shape for shape in rules.date_shapes}
    return {
        "white_space": WHITE_SPACE,
        "rare_space": WHITE_SPACE.replace(" ", ""),
        "titles": _pattern(TITLES),
        "suffixes": _pattern(SUFFIXES),
        "dash_year_first": shapes.get("dash_year_first", ""),
        "slash_year_first": shapes.get("slash_year_first", ""),
        "slash_year_last": shapes.get("slash_year_last", ""),
        "dash_year_last": shapes.get("dash_year_last", ""),
        "latest_adult_birthday": f"{latest_adult_birthday(rules):%Y%m%d}",
        "email_endings": _pattern(rules.email_endings),
    }


def latest_adult_birthday(rules: Rules) -> date:
    """Return the last birthday of a person who is adult_age on the day as_of."""
    year = rules.as_of.year - rules.adult_age
    try:
        return rules.as_of.replace(year=year)
    except ValueError:  # 29 February in a year that is not a leap year
        return date(year, 2, 28)


def _pattern(words: Iterable[str]) -> str:
    """Return a regular expression for any of the words in any case."""
    return "|".join(map(_any_case, words))


def _any_case(word: str) -> str:
    """Return a pattern for the ASCII letters of `word` in either case. (?i) would match other letters too."""
    return "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in word)
