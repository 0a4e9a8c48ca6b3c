"""Synthetic applications, with the same defects as the real file. The same seed always gives the same rows.

Names come from Faker. With another version of Faker in Pipfile.lock the files must be written again.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from pathlib import Path
from random import Random
from typing import NamedTuple

from faker import Faker

from common import cli

DIRECTORY = Path(__file__).resolve().parent / "resource" / "src" / "application"

# The proportions below were measured on the first real file (1,999 rows).
DATE_SHAPES = ("%Y/%m/%d",) * 27 + ("%m/%d/%Y",) * 25 + ("%Y-%m-%d",) * 24 + ("%d-%m-%Y",) * 24
SPACED_SHAPE = "%m/%d/%Y"  # only rows with this date have mobile numbers like 9123 4567
ENDINGS = ("com",) * 61 + ("net",) * 11 + ("biz",) * 10 + ("info",) * 9 + ("org",) * 9
DIGITS = (5, 6, 7, 8)
FIRST_BIRTHDAY, LAST_BIRTHDAY = date(1950, 1, 1), date(2018, 12, 31)
HYPHENATED_HOSTS = 0.34
EMPTY_FIELDS = 0.008  # the real file has none, but later files can
WOMEN, MEN, LAST_NAMES = 500, 500, 2000


class Application(NamedTuple):
    """One row of an application file, unchanged."""

    name: str
    email: str
    date_of_birth: str
    mobile_no: str


class Given(NamedTuple):
    """A first name with a suitable title and suffix."""

    title: str
    name: str
    suffix: str


class Pool(NamedTuple):
    """Names to choose from, frequent ones more than once. Calling Faker for every row is 20 times slower."""

    given: tuple[Given, ...]
    last: tuple[str, ...]


# Twins share a last name and a birthday, and so a membership ID. It is the only shared ID in the files.
TWINS = (
    Application("Clara Ashgrove", "Clara_Ashgrove@ashgrove.example.com", "1990-03-14", "61827364"),
    Application("Mr. Owen Ashgrove", "Owen_Ashgrove@ashgrove.example.net", "03/14/1990", "9182 7364"),
)


def rows(seed: int, count: int) -> Iterator[Application]:
    """Yield `count` applications. A smaller count gives the first rows of a larger count."""
    random, pool = Random(seed), name_pool(seed)
    for _ in range(count):
        yield application(random, pool)


def name_pool(seed: int) -> Pool:
    """Return the names for the rows of this seed."""
    fake = Faker("en_US")
    fake.seed_instance(seed)
    women = [Given(fake.prefix_female(), fake.first_name_female(), fake.suffix_female()) for _ in range(WOMEN)]
    men = [Given(fake.prefix_male(), fake.first_name_male(), fake.suffix_male()) for _ in range(MEN)]
    return Pool((*women, *men), tuple(fake.last_name() for _ in range(LAST_NAMES)))


def application(random: Random, pool: Pool) -> Application:
    """Return the next application."""
    given, last = random.choice(pool.given), random.choice(pool.last)
    shape = random.choice(DATE_SHAPES)
    row = Application(
        full_name(random, given, last),
        f"{given.name}_{last}@{host(random, pool)}",
        birthday(random).strftime(shape),
        mobile(random, spaced=shape == SPACED_SHAPE),
    )
    return with_empty_field(random, row) if random.random() < EMPTY_FIELDS else row


def full_name(random: Random, given: Given, last: str) -> str:
    """Return a name, 2 % with a title and 2.5 % with a suffix. The ranges overlap, so a few names have both."""
    draw = random.random()
    title = f"{given.title} " if draw < 0.020 else ""
    suffix = f" {given.suffix}" if 0.017 <= draw < 0.042 else ""
    return f"{title}{given.name} {last}{suffix}"


def host(random: Random, pool: Pool) -> str:
    """Return a company's host below the reserved name `example`, so that no mail can be delivered to it."""
    company = random.choice(pool.last)
    if random.random() < HYPHENATED_HOSTS:
        company = f"{company}-{random.choice(pool.last)}"
    return f"{company.lower()}.example.{random.choice(ENDINGS)}"


def birthday(random: Random) -> date:
    """Return a birthday. About one in five applicants is under 18."""
    return date.fromordinal(random.randint(FIRST_BIRTHDAY.toordinal(), LAST_BIRTHDAY.toordinal()))


def mobile(random: Random, *, spaced: bool) -> str:
    """Return a number of 5 to 8 digits. One in four has 8 digits, and only those can have a space."""
    digits = random.choice(DIGITS)
    number = str(random.randrange(10 ** (digits - 1), 10**digits))
    return f"{number[:4]} {number[4:]}" if spaced and digits == 8 else number


def with_empty_field(random: Random, row: Application) -> Application:
    """Return the row with one empty field."""
    empty = random.randrange(len(row))
    return Application(*("" if position == empty else value for position, value in enumerate(row)))


def datasets() -> dict[str, Iterator[Application]]:
    """Return the rows of both files by file name: 2,000 and 3,000, each with one of the twins as the last row."""
    return {
        "applications_dataset_1.csv": chain(rows(5, 1999), TWINS[:1]),
        "applications_dataset_2.csv": chain(rows(7, 2999), TWINS[1:]),
    }


def write(path: Path, applications: Iterable[Application]) -> None:
    """Write a CSV file with a header and LF line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(Application._fields)
        writer.writerows(applications)


def write_datasets(directory: Path) -> list[Path]:
    """Write both files, create the directory if it is missing, and return the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    written = []
    for name, applications in datasets().items():
        write(directory / name, applications)
        written.append(directory / name)
    return written


def main() -> None:
    """Write both files to the directory of the command line."""
    parser = cli.Parser(
        description="Write two files of synthetic applications, the same bytes every time.",
        example="python -m section1.sample /tmp/applications",
        exit_codes="exit codes: 0 written, 1 failed, 2 usage error",
    )
    parser.add_argument(
        "directory", nargs="?", type=Path, default=DIRECTORY, metavar="DIRECTORY", help="default: %(default)s"
    )
    directory = parser.parse_args().directory
    cli.run(lambda: _write(directory))


def _write(directory: Path) -> int:
    print(*(f"wrote {path}" for path in write_datasets(directory)), sep="\n")
    return 0


if __name__ == "__main__":
    main()
