"""Made-up files in the shape and size of Johns Hopkins' two series, and the same rows as one long table."""

import csv
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

import pycountry

from section4.core.country import name_of

ROWS, COUNTRIES, DAYS = 289, 201, 1_143
FIRST = date(2020, 1, 22)


def write_files(folder: Path) -> int:
    """Write jhu_confirmed.csv and jhu_deaths.csv, and long.csv, which holds what they say; returns its days."""
    random = Random(4)
    codes = [country.alpha_2 for country in pycountry.countries if not hasattr(country, "common_name")][:COUNTRIES]
    names = [name_of(code) for code in codes]
    places = [*range(COUNTRIES), *(random.randrange(COUNTRIES) for _ in range(ROWS - COUNTRIES))]
    days = [FIRST + timedelta(days=day) for day in range(DAYS)]
    sums = []
    for series, most in (("confirmed", 900), ("deaths", 9)):
        total = [[0] * DAYS for _ in range(COUNTRIES)]
        with (folder / f"jhu_{series}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            heads = [f"{day.month}/{day.day}/{day:%y}" for day in days]
            writer.writerow(["Province/State", "Country/Region", "Lat", "Long", *heads])
            for number, place in enumerate(places):
                figures = list(accumulate(random.randrange(most) for _ in days))
                writer.writerow([f"Province {number}", names[place], "1.0", "2.0", *figures])
                total[place] = [one + other for one, other in zip(total[place], figures, strict=True)]
        sums.append(total)
    with (folder / "long.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for place, code in enumerate(codes):
            writer.writerows(
                (code, day, *figures) for day, *figures in zip(days, sums[0][place], sums[1][place], strict=True)
            )
    return COUNTRIES * DAYS
