"""The data is the one that everybody has, to the byte, and its odd facts hold."""

from pathlib import Path

import pytest

from section5.config import DATA
from section5.core.answer import QUESTION
from section5.core.car_data import content
from section5.core.ceiling import ceiling, counts, matching
from section5.core.models import FEATURES, TARGET
from section5.operator.cars import DataChanged, read, write


def test_the_committed_file_is_what_the_tables_make() -> None:
    assert DATA.read_bytes() == content()
    assert (len(content()), content().count(b"\n")) == (51_867, 1_728)


def test_its_classes_are_as_uneven_as_they_are_known_to_be() -> None:
    assert read()["class"].value_counts().to_dict() == {"unacc": 1210, "acc": 384, "vgood": 65, "good": 69}


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "car.data"
    write(path)
    assert len(read(path)) == 1_728
    path.write_bytes(path.read_bytes().replace(b"vhigh", b"high", 1))
    with pytest.raises(DataChanged, match="write it anew"):
        read(path)


def test_ceilings_are_exact() -> None:
    cars = read()
    found = {name: round(100 * ceiling(cars, features, TARGET), 1) for name, features in FEATURES.items()}
    assert found == {"all that the question gives": 35.8, "class alone": 32.4}
    assert ceiling(cars, [name for name in cars.columns if name != "class"], "class") == 1.0


def test_good_cars_had_low_or_medium_prices() -> None:
    of_good = counts(read(), ["class"], TARGET).loc["good"]
    assert of_good.to_dict() == {"low": 46, "med": 23, "high": 0, "vhigh": 0}


def test_no_car_is_like_the_one_in_the_question() -> None:
    cars = read()
    assert len(matching(cars, QUESTION)) == 0
    assert len(matching(cars, {"maint": "high", "class": "good"})) == 0
    assert len(matching(cars, {"maint": "high"})) == 432
