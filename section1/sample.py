"""Invented applications, as messy as the real file; the same seed always gives the same rows.

Faker gives the names, pinned by Pipfile.lock: with another version of it the files must be written again.
"""

import argparse
import csv
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from random import Random
from typing import NamedTuple

from faker import Faker

FOLDER = Path(__file__).resolve().parent / "resource" / "src" / "application"

# The proportions below were measured on the first real file (1,999 rows).
DATE_SHAPES = ("%Y/%m/%d",) * 27 + ("%m/%d/%Y",) * 25 + ("%Y-%m-%d",) * 24 + ("%d-%m-%Y",) * 24
SPACED_SHAPE = "%m/%d/%Y"  # the upstream source that writes this date is also the one that writes 9123 4567
ENDINGS = ("com",) * 61 + ("net",) * 11 + ("biz",) * 10 + ("info",) * 9 + ("org",) * 9
DIGITS = (5, 6, 7, 8)
FIRST_BIRTHDAY, LAST_BIRTHDAY = date(1950, 1, 1), date(2018, 12, 31)
HYPHENATED_HOSTS = 0.34
EMPTY_FIELDS = 0.008  # the real file has none; later ones may
WOMEN, MEN, LAST_NAMES = 500, 500, 2000


class Application(NamedTuple):
    """One row of an application file, as it stands there."""

    name: str
    email: str
    date_of_birth: str
    mobile_no: str


class Given(NamedTuple):
    """A first name with a title and a suffix that suit it."""

    title: str
    name: str
    suffix: str


class Pool(NamedTuple):
    """Names to draw from, frequent ones more than once: asking Faker for every row is 20 times slower."""

    given: tuple[Given, ...]
    last: tuple[str, ...]


# Twins share a last name and a birthday, so they share a membership ID: the one collision of the files.
TWINS = (
    Application("Clara Ashgrove", "Clara_Ashgrove@ashgrove.example.com", "1990-03-14", "61827364"),
    Application("Mr. Owen Ashgrove", "Owen_Ashgrove@ashgrove.example.net", "03/14/1990", "9182 7364"),
)


def rows(seed: int, count: int) -> Iterator[Application]:
    """Yield `count` applications; a smaller count gives the first rows of a larger one."""
    random, pool = Random(seed), name_pool(seed)
    for _ in range(count):
        yield application(random, pool)


def name_pool(seed: int) -> Pool:
    """Draw the names that the rows of this seed are made of."""
    fake = Faker("en_US")
    fake.seed_instance(seed)
    women = [Given(fake.prefix_female(), fake.first_name_female(), fake.suffix_female()) for _ in range(WOMEN)]
    men = [Given(fake.prefix_male(), fake.first_name_male(), fake.suffix_male()) for _ in range(MEN)]
    return Pool((*women, *men), tuple(fake.last_name() for _ in range(LAST_NAMES)))


def application(random: Random, pool: Pool) -> Application:
    """Make the next application."""
    given, last = random.choice(pool.given), random.choice(pool.last)
    shape = random.choice(DATE_SHAPES)
    row = Application(
        full_name(random, given, last),
        f"{given.name}_{last}@{host(random, pool)}",
        birthday(random).strftime(shape),
        mobile(random, spaced=shape == SPACED_SHAPE),
    )
    return with_a_gap(random, row) if random.random() < EMPTY_FIELDS else row


def full_name(random: Random, given: Given, last: str) -> str:
    """Name someone, 2 % with a title and 2.5 % with a suffix; the two ranges overlap, so a few have both."""
    draw = random.random()
    title = f"{given.title} " if draw < 0.020 else ""
    suffix = f" {given.suffix}" if 0.017 <= draw < 0.042 else ""
    return f"{title}{given.name} {last}{suffix}"


def host(random: Random, pool: Pool) -> str:
    """Invent a company's host; it stands below `example`, so no mail to it can reach anyone."""
    company = random.choice(pool.last)
    if random.random() < HYPHENATED_HOSTS:
        company = f"{company}-{random.choice(pool.last)}"
    return f"{company.lower()}.example.{random.choice(ENDINGS)}"


def birthday(random: Random) -> date:
    """Draw a day; about one in five applicants is under 18."""
    return date.fromordinal(random.randint(FIRST_BIRTHDAY.toordinal(), LAST_BIRTHDAY.toordinal()))


def mobile(random: Random, *, spaced: bool) -> str:
    """Draw a number of 5 to 8 digits; one in four has the right 8, and only those are ever spaced."""
    digits = random.choice(DIGITS)
    number = str(random.randrange(10 ** (digits - 1), 10**digits))
    return f"{number[:4]} {number[4:]}" if spaced and digits == 8 else number


def with_a_gap(random: Random, row: Application) -> Application:
    """Empty one field of the row."""
    gap = random.randrange(len(row))
    return Application(*("" if position == gap else value for position, value in enumerate(row)))


def datasets() -> dict[str, Iterator[Application]]:
    """Give the rows of both files by file name: 2,000 and 3,000, each ending in one of the twins."""
    return {
        "applications_dataset_1.csv": chain(rows(5, 1999), TWINS[:1]),
        "applications_dataset_2.csv": chain(rows(7, 2999), TWINS[1:]),
    }


def write(path: Path, applications: Iterable[Application]) -> None:
    """Write a header and the applications as CSV with LF line ends, in place of what was there."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Application._fields)
        writer.writerows(applications)


def write_datasets(folder: Path) -> list[Path]:
    """Write both files to the folder, which is made if it is not there, and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, applications in datasets().items():
        write(folder / name, applications)
        written.append(folder / name)
    return written


def main() -> None:
    """Write both files to the folder named on the command line and say so."""
    parser = argparse.ArgumentParser(
        prog="python -m section1.sample",
        description="Write two files of invented applications, the same bytes every time.",
        epilog="example: python -m section1.sample /tmp/applications\nexit codes: 0 written, 1 failed, 2 bad usage",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, metavar="FOLDER", help="default: %(default)s")
    folder = parser.parse_args().folder
    try:
        written = write_datasets(folder)
    except OSError as error:
        parser.exit(1, f"{folder}: {error.strerror}; give a folder that can be written\n")
    print(*(f"wrote {path}" for path in written), sep="\n")


if __name__ == "__main__":
    main()
