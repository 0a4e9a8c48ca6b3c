"""The labelling as one Spark SQL text with the rules as named parameters, and what is asked of labelled rows."""

from collections.abc import Iterable
from datetime import date

from section1.config import SQL, Rules, slot
from section1.core.columns import WHITE_SPACE

LABEL = SQL / "section1_label.sql"
SHARED_IDS = SQL / "section1_shared_ids.sql"
AGAIN = SQL / "section1_again.sql"  # labelled rows as applications again
MOVES = SQL / "section1_moves.sql"  # rows that were labelled twice, counted
TITLES = ("Mr", "Mrs", "Ms", "Miss", "Mx", "Dr", "Prof")
SUFFIXES = ("MD", "DDS", "DVM", "PhD", "Jr", "Sr", "II", "III", "IV", "V")


def parameters(rules: Rules) -> dict[str, str]:
    """Return the values of LABEL's parameters; a date shape that is not configured matches nothing."""
    shapes = {slot(shape): shape for shape in rules.date_shapes}
    return {
        "white_space": WHITE_SPACE,
        "rare_space": WHITE_SPACE.replace(" ", ""),
        "titles": _one_of(TITLES),
        "suffixes": _one_of(SUFFIXES),
        "dash_year_first": shapes.get("dash_year_first", ""),
        "slash_year_first": shapes.get("slash_year_first", ""),
        "slash_year_last": shapes.get("slash_year_last", ""),
        "dash_year_last": shapes.get("dash_year_last", ""),
        "latest_adult_birthday": f"{latest_adult_birthday(rules):%Y%m%d}",
        "email_endings": _one_of(rules.email_endings),
    }


def latest_adult_birthday(rules: Rules) -> date:
    """Return the last day on which one could be born and be adult_age on the day as_of."""
    year = rules.as_of.year - rules.adult_age
    try:
        return rules.as_of.replace(year=year)
    except ValueError:  # 29 February in a year without one
        return date(year, 2, 28)


def _one_of(words: Iterable[str]) -> str:
    """Return a pattern for one of the words in any case."""
    return "|".join(map(_any_case, words))


def _any_case(word: str) -> str:
    """Return a pattern for the ASCII letters of `word` in either case; (?i) would fold others too."""
    return "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in word)
