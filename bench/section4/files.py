"""Synthetic files in the format and size of Johns Hopkins' two series, and the same rows as one long table."""

import csv
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path
from random import Random

import pycountry

from section4.core.country import name_of

ROWS, COUNTRIES, DAYS = 289, 201, 1_143
FIRST = date(2020, 1, 22)


def write_files(directory: Path) -> int:
    """Write jhu_confirmed.csv, jhu_deaths.csv and long.csv; return the number of rows of long.csv."""
    random = Random(4)
    codes = [entry.alpha_2 for entry in pycountry.countries if not hasattr(entry, "common_name")][:COUNTRIES]
    names = [name_of(code) for code in codes]
    countries = [*range(COUNTRIES), *(random.randrange(COUNTRIES) for _ in range(ROWS - COUNTRIES))]
    days = [FIRST + timedelta(days=day) for day in range(DAYS)]
    sums = []
    for series, most in (("confirmed", 900), ("deaths", 9)):
        total = [[0] * DAYS for _ in range(COUNTRIES)]
        with (directory / f"jhu_{series}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            heads = [f"{day.month}/{day.day}/{day:%y}" for day in days]
            writer.writerow(["Province/State", "Country/Region", "Lat", "Long", *heads])
            for number, country in enumerate(countries):
                figures = list(accumulate(random.randrange(most) for _ in days))
                writer.writerow([f"Province {number}", names[country], "1.0", "2.0", *figures])
                total[country] = [one + other for one, other in zip(total[country], figures, strict=True)]
        sums.append(total)
    with (directory / "long.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for country, code in enumerate(codes):
            writer.writerows(
                (code, day, *figures) for day, *figures in zip(days, sums[0][country], sums[1][country], strict=True)
            )
    return COUNTRIES * DAYS
