"""The labelling and its tally as one Spark SQL text each, with the rules as named parameters."""

from datetime import date

from section1.config import CONF, Rules, slot
from section1.util.columns import WHITE_SPACE

LABEL = CONF / "section1_label.sql"
TALLY = CONF / "section1_tally.sql"


def parameters(rules: Rules) -> dict[str, str]:
    """Return the values of LABEL's parameters; a date shape that is not configured matches nothing."""
    shapes = {slot(shape): shape for shape in rules.date_shapes}
    return {
        "white_space": WHITE_SPACE,
        "dash_year_first": shapes.get("dash_year_first", ""),
        "slash_year_first": shapes.get("slash_year_first", ""),
        "slash_year_last": shapes.get("slash_year_last", ""),
        "dash_year_last": shapes.get("dash_year_last", ""),
        "latest_adult_birthday": f"{latest_adult_birthday(rules):%Y%m%d}",
        "email_endings": "|".join(_any_case(ending) for ending in rules.email_endings),
    }


def latest_adult_birthday(rules: Rules) -> date:
    """Return the last day on which one could be born and be adult_age on the day as_of."""
    year = rules.as_of.year - rules.adult_age
    try:
        return rules.as_of.replace(year=year)
    except ValueError:  # 29 February in a year without one
        return date(year, 2, 28)


def _any_case(ending: str) -> str:
    """Return a pattern for the ASCII letters of `ending` in either case; (?i) would fold others too."""
    return "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in ending)
