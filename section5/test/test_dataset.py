"""The data set: generated from its tables, byte for byte the published file, with its known properties."""

from pathlib import Path

import pandas as pd
import pytest

from section5.config import DATA
from section5.core.accuracy_bound import accuracy_bound, counts, matching
from section5.core.car_data import content
from section5.core.models import FEATURE_SETS, TARGET
from section5.core.prediction import QUESTION
from section5.operator.dataset import DataChanged, read_cars, write_cars


@pytest.fixture(scope="module")
def cars() -> pd.DataFrame:
    return read_cars()


def test_content_equals_committed_file() -> None:
    assert DATA.read_bytes() == content()
    assert (len(content()), content().count(b"\n")) == (51_867, 1_728)


def test_class_frequencies_are_the_published_ones(cars: pd.DataFrame) -> None:
    assert cars["class"].value_counts().to_dict() == {"unacc": 1210, "acc": 384, "vgood": 65, "good": 69}


def test_read_cars_rejects_changed_file(tmp_path: Path) -> None:
    path = tmp_path / "car.data"
    assert write_cars(path) == f"wrote {path}"
    assert len(read_cars(path)) == 1_728
    path.write_bytes(path.read_bytes().replace(b"vhigh", b"high", 1))
    with pytest.raises(DataChanged, match="Restore it with `python -m section5 data`"):
        read_cars(path)


def test_accuracy_bound_is_exact(cars: pd.DataFrame) -> None:
    found = {name: round(100 * accuracy_bound(cars, features, TARGET), 1) for name, features in FEATURE_SETS.items()}
    assert found == {"all that the question gives": 35.8, "class alone": 32.4}
    assert accuracy_bound(cars, [name for name in cars.columns if name != "class"], "class") == 1.0


def test_counts_of_good_cars_by_price(cars: pd.DataFrame) -> None:
    assert counts(cars, ["class"], TARGET).loc["good"].to_dict() == {"low": 46, "med": 23, "high": 0, "vhigh": 0}


@pytest.mark.parametrize(
    ("known", "number"), [(QUESTION, 0), ({"maint": "high", "class": "good"}, 0), ({"maint": "high"}, 432)]
)
def test_matching_returns_cars_with_all_values(cars: pd.DataFrame, known: dict[str, str], number: int) -> None:
    assert len(matching(cars, known)) == number
