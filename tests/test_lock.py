"""Pipfile.lock installs the same packages on every release of Python 3.11, and names no index."""

import json

from packaging.markers import Marker

from common.paths import ROOT

LOCK = json.loads((ROOT / "Pipfile.lock").read_text(encoding="utf-8"))


def packages(python: str) -> set[tuple[str, str]]:
    environment = {"python_version": "3.11", "python_full_version": python}
    return {
        (category, name)
        for category, pins in LOCK.items()
        if category != "_meta"
        for name, pin in pins.items()
        if "markers" not in pin or Marker(pin["markers"]).evaluate(environment)
    }


def test_lock_installs_the_same_packages_on_debians_python() -> None:
    assert packages("3.11.2") == packages("3.11.14")  # Debian 12 has 3.11.2


def test_lock_names_no_index() -> None:
    assert LOCK["_meta"]["sources"] == []
    pins = {name: pin for category, pins in LOCK.items() if category != "_meta" for name, pin in pins.items()}
    assert [name for name, pin in pins.items() if "index" in pin] == []
