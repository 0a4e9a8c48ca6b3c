"""A shop's life, made up: the same seed tells the same story, batch by batch, however far it is told.

Items sell by Zipf's law, more of them in November and December, less in February; some buyers come back all the time.
No one is real: names are words from short lists, addresses end in example.com.
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
ITEMS, MANUFACTURERS = 2_000, 40
BUYERS_A_BATCH = 1_000

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
    """An item of the catalogue, with what it cost at first."""

    name: str
    manufacturer: str
    cost: str
    weight_kg: str


class PriceChange(NamedTuple):
    """What an item, by its place in the catalogue, costs from a moment on."""

    item: int
    cost: str
    since: datetime


class Buyer(NamedTuple):
    """A member."""

    first_name: str
    last_name: str
    date_of_birth: date
    mobile_no: str
    email: str


class Fate(NamedTuple):
    """What becomes of an order: each moment is None where it did not come to that."""

    paid_at: datetime | None
    shipped_at: datetime | None
    completed_at: datetime | None
    refunded_at: datetime | None
    cancelled_at: datetime | None


class Order(NamedTuple):
    """An order by a buyer's number."""

    buyer: int
    placed_at: datetime
    fate: Fate
    method: str
    lines: tuple[tuple[int, int], ...]  # item's place in the catalogue, quantity


@dataclass(frozen=True)
class Shop:
    """The story that `seed` tells of the years up to midnight of `until` (UTC)."""

    seed: int
    until: date

    @property
    def closes_at(self) -> datetime:
        """The last moment of the story."""
        return datetime.combine(self.until, time(), UTC)

    @property
    def opens_at(self) -> datetime:
        """The first moment: since then its items are sold."""
        return self.closes_at - timedelta(days=365 * YEARS)

    def catalogue(self) -> list[Item]:
        """Return all items, the best-selling first."""
        random = Random(f"{self.seed}/catalogue")
        makers = [f"{name} {kind} {self.seed}" for kind in _KINDS.split() for name in _MAKERS.split()]
        assert len(makers) == MANUFACTURERS
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
        """Return how prices changed later, in the order of time; each third item's once, by 5 to 25 percent."""
        random = Random(f"{self.seed}/prices")
        days = 365 * YEARS
        changes = [
            PriceChange(
                place,
                f"{float(item.cost) * random.choice([0.75, 0.85, 0.95, 1.05, 1.1, 1.2]) + 0.01:.2f}",
                self.opens_at + timedelta(days=random.randrange(60, days - 60)),
            )
            for place, item in enumerate(self.catalogue())
            if random.random() < 1 / 3
        ]
        return sorted(changes, key=lambda change: change.since)

    def buyers(self, batch: int) -> list[Buyer]:
        """Return those who come with a batch, by their numbers from batch x BUYERS_A_BATCH on."""
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
            for number in range(batch * BUYERS_A_BATCH, (batch + 1) * BUYERS_A_BATCH)
        ]

    def orders(self, batch: int) -> Iterator[Order]:
        """Give the orders of a batch, by buyers of this and of earlier ones."""
        random = Random(f"{self.seed}/orders/{batch}")
        popularity = list(accumulate(1 / rank for rank in range(1, ITEMS + 1)))
        season = list(accumulate(_SEASON))
        buyers = (batch + 1) * BUYERS_A_BATCH
        for _ in range(BATCH):
            placed_at = self._moment(random, season)
            yield Order(
                int(buyers * random.random() ** 2),
                placed_at,
                self._fate(random, placed_at),
                _METHODS[bisect(_METHOD_WEIGHTS, random.random())],
                tuple(self._basket(random, popularity).items()),
            )

    def _moment(self, random: Random, season: list[float]) -> datetime:
        """Draw a moment of the story: any year, a month by its season, any day and second."""
        while True:
            month = bisect(season, random.random() * season[-1]) + 1
            year = random.randrange(self.opens_at.year, self.closes_at.year + 1)
            moment = datetime(year, month, 1, tzinfo=UTC) + timedelta(seconds=random.randrange(30 * 86_400))
            if self.opens_at < moment < self.closes_at:
                return moment

    def _fate(self, random: Random, placed_at: datetime) -> Fate:
        """Draw what becomes of an order; what lies after the story's end is open."""
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
        return Fate(*(moment if moment and moment < self.closes_at else None for moment in moments))

    def _basket(self, random: Random, popularity: list[float]) -> dict[int, int]:
        """Draw what is bought: three items on average, mostly one of each."""
        basket: dict[int, int] = {}
        for _ in range(bisect((0.2, 0.45, 0.65, 0.8, 0.9, 1.0), random.random()) + 1):
            item = bisect(popularity, random.random() * popularity[-1])
            basket[item] = basket.get(item, 0) + 1 + (random.random() < 0.2) * random.randrange(1, 4)
        return basket
