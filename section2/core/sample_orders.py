"""Sample data of a shop: a seed always yields the same catalogue, buyers and orders, in batches.

Item sales follow Zipf's law, with a peak in November and December and a low in February; some buyers order often.
No real persons: names are combined from short lists, e-mail addresses end in example.com.
"""

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import NamedTuple

BATCH = 5_000
YEARS = 3
ITEMS = 2_000
BUYERS_PER_BATCH = 1_000

_MAKERS = (
    "Aster Birch Cedar Dune Ember Fjord Grove Haven Iris Juniper"
    " Kelp Lumen Maple Nimbus Onyx Pebble Quill River Sable Tidal"
)
_KINDS = "Works Goods"
_THINGS = (
    "Kettle Lamp Chair Desk Shelf Mug Bowl Pan Knife Board"
    " Clock Mirror Basket Blanket Pillow Towel Bottle Bag Tray Vase"
)
_SHADES = "Amber Azure Coral Ebony Indigo Ivory Jade Ochre Olive Pearl"
_FIRST = "Ada Ben Chloe Dan Eva Finn Gia Hugo Ida Jon Kim Leo Mia Noa Oli Pia Rui Sam Tia Uma Vic Wen Yan Zoe"
_LAST = (
    "Ang Bay Chan Dass Eng Foo Goh Ho Ibrahim Jong Koh Lim Menon Ng Ong Pillai Quek Rao Sim Tan Uthman Wong Yeo Zhang"
)
_METHODS, _METHOD_WEIGHTS = ("card", "bank_transfer", "wallet"), (0.6, 0.9, 1.0)
#          January                                                                    December
_SEASON = (0.9, 0.7, 0.9, 0.95, 1.0, 1.05, 1.0, 0.95, 0.95, 1.05, 1.6, 1.8)


class Item(NamedTuple):
    """An item of the catalogue with its first price."""

    name: str
    manufacturer: str
    cost: str
    weight_kg: str


class PriceChange(NamedTuple):
    """A later price of an item; `item` is an index of the catalogue."""

    item: int
    cost: str
    since: datetime


class Buyer(NamedTuple):
    """A sample member."""

    first_name: str
    last_name: str
    date_of_birth: date
    mobile_no: str
    email: str


class Timeline(NamedTuple):
    """Moments of an order's statuses; None for a status that it does not reach."""

    paid_at: datetime | None
    shipped_at: datetime | None
    completed_at: datetime | None
    refunded_at: datetime | None
    cancelled_at: datetime | None


class Order(NamedTuple):
    """A sample order; buyers and items are given by their indexes."""

    buyer: int
    placed_at: datetime
    timeline: Timeline
    method: str
    lines: tuple[tuple[int, int], ...]  # item's index in the catalogue, quantity


@dataclass(frozen=True)
class SampleShop:
    """Sample data of the YEARS before midnight (UTC) of `until`."""

    seed: int
    until: date

    @property
    def end(self) -> datetime:
        """The end of the sample data; all moments are earlier."""
        return datetime.combine(self.until, time(), UTC)

    @property
    def start(self) -> datetime:
        """The moment from which items are sold."""
        return self.end - timedelta(days=365 * YEARS)

    def catalogue(self) -> list[Item]:
        """Return all items, best-selling first."""
        random = Random(f"{self.seed}/catalogue")
        makers = [f"{name} {kind} {self.seed}" for kind in _KINDS.split() for name in _MAKERS.split()]
        names = [
            f"{shade} {thing} {number}"
            for number in range(1, 11)
            for thing in _THINGS.split()
            for shade in _SHADES.split()
        ]
        random.shuffle(names)
        return [
            Item(
                name,
                random.choice(makers),
                f"{min(random.lognormvariate(3.2, 0.9), 5_000) + 0.5:.2f}",
                f"{min(random.lognormvariate(0, 1), 80) + 0.01:.3f}",
            )
            for name in names[:ITEMS]
        ]

    def price_changes(self) -> list[PriceChange]:
        """Return later prices by time: one change of 5 to 25 percent for a third of the items."""
        random = Random(f"{self.seed}/prices")
        days = 365 * YEARS
        changes = [
            PriceChange(
                index,
                f"{float(item.cost) * random.choice([0.75, 0.85, 0.95, 1.05, 1.1, 1.2]) + 0.01:.2f}",
                self.start + timedelta(days=random.randrange(60, days - 60)),
            )
            for index, item in enumerate(self.catalogue())
            if random.random() < 1 / 3
        ]
        return sorted(changes, key=lambda change: change.since)

    def buyers(self, batch: int) -> list[Buyer]:
        """Return the new buyers of a batch; their indexes start at batch x BUYERS_PER_BATCH."""
        random = Random(f"{self.seed}/buyers/{batch}")
        first, last = _FIRST.split(), _LAST.split()
        return [
            Buyer(
                random.choice(first),
                random.choice(last),
                date(1940, 1, 1) + timedelta(days=random.randrange(365 * 64)),
                f"{random.choice('89')}{random.randrange(10**7):07d}",
                f"buyer{number}.{self.seed}@example.com",
            )
            for number in range(batch * BUYERS_PER_BATCH, (batch + 1) * BUYERS_PER_BATCH)
        ]

    def orders(self, batch: int) -> Iterator[Order]:
        """Yield the orders of a batch, placed by buyers of this batch and earlier ones."""
        random = Random(f"{self.seed}/orders/{batch}")
        popularity = list(accumulate(1 / rank for rank in range(1, ITEMS + 1)))
        season = list(accumulate(_SEASON))
        buyers = (batch + 1) * BUYERS_PER_BATCH
        for _ in range(BATCH):
            placed_at = self._moment(random, season)
            yield Order(
                int(buyers * random.random() ** 2),
                placed_at,
                self._timeline(random, placed_at),
                _METHODS[bisect(_METHOD_WEIGHTS, random.random())],
                tuple(self._basket(random, popularity).items()),
            )

    def _moment(self, random: Random, season: list[float]) -> datetime:
        """Draw a moment: any year, a month by its season, any day and second."""
        while True:
            month = bisect(season, random.random() * season[-1]) + 1
            year = random.randrange(self.start.year, self.end.year + 1)
            moment = datetime(year, month, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(30 * 86_400))
            if self.start < moment < self.end:
                return moment

    def _timeline(self, random: Random, placed_at: datetime) -> Timeline:
        """Draw the statuses of an order; those after the end of the sample data are left out."""
        paid = placed_at + timedelta(minutes=random.randrange(1, 600))
        shipped = paid + timedelta(hours=random.randrange(4, 60))
        completed = shipped + timedelta(hours=random.randrange(20, 150))
        luck = random.random()
        moments: list[datetime | None]
        if luck < 0.04:
            moments = [None, None, None, None, paid]
        elif luck < 0.07:
            moments = [paid, shipped, completed, completed + timedelta(days=random.randrange(1, 20)), None]
        else:
            moments = [paid, shipped, completed, None, None]
        return Timeline(*(moment if moment and moment < self.end else None for moment in moments))

    def _basket(self, random: Random, popularity: list[float]) -> dict[int, int]:
        """Draw the lines of an order: three items on average, mostly one of each."""
        basket: dict[int, int] = {}
        for _ in range(bisect((0.2, 0.45, 0.65, 0.8, 0.9, 1.0), random.random()) + 1):
            item = bisect(popularity, random.random() * popularity[-1])
            basket[item] = basket.get(item, 0) + 1 + (random.random() < 0.2) * random.randrange(1, 4)
        return basket
