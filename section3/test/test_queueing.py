"""Queueing formulas match values calculated by hand."""

from math import inf

import pytest

from section3.capacity.queueing import mean_wait, mean_wait_general, waiting_probability


@pytest.mark.parametrize("busy", [0.1, 0.5, 0.7, 0.99])
def test_wait_probability_of_one_worker_is_its_utilisation(busy: float) -> None:
    assert waiting_probability(1, busy) == pytest.approx(busy)
    assert mean_wait(1, busy, 1) == pytest.approx(busy / (1 - busy))


def test_two_and_three_workers_by_hand() -> None:
    # 1.5 Erlang: (1.5^2 / 2 / 0.25) / (1 + 1.5 + 1.5^2 / 2 / 0.25) = 4.5 / 7
    assert waiting_probability(2, 1.5) == pytest.approx(4.5 / 7)
    assert mean_wait(2, 1.5, 1) == pytest.approx(4.5 / 7 / 0.5)
    # (2^3 / 6 x 3) / (1 + 2 + 2 + 4) = 4 / 9
    assert waiting_probability(3, 2) == pytest.approx(4 / 9)


def test_no_load_means_no_wait() -> None:
    assert (waiting_probability(4, 0), mean_wait(4, 0, 1)) == (0, 0)


@pytest.mark.parametrize("load", [2, 2.5])
def test_overload_means_an_infinite_wait(load: float) -> None:
    assert (waiting_probability(2, load), mean_wait(2, load, 1)) == (1, inf)


def test_tens_of_thousands_of_workers_do_not_overflow() -> None:
    assert 0 <= waiting_probability(28_572, 20_000) < 1e-300
    assert waiting_probability(20_000, 19_990) == pytest.approx(0.92, abs=0.01)


def test_one_queue_waits_less_than_its_slices() -> None:
    """One queue for ten times the workers and arrivals: a slice is the worst case of the whole system."""
    waits = [mean_wait(14 * slices, 11.6 * slices, 1) for slices in (1, 10, 100)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > 10 * waits[1]


def test_variation_of_service_times_changes_the_wait() -> None:
    assert mean_wait_general(3, 2, 1, cv=1) == mean_wait(3, 2, 1)
    assert mean_wait_general(3, 2, 1, cv=0) == pytest.approx(mean_wait(3, 2, 1) / 2)  # M/D/1 halves it exactly
    assert mean_wait_general(1, 0.5, 1, cv=0.8) == pytest.approx(0.5 / 0.5 * (1 + 0.64) / 2)  # Pollaczek-Khinchine
