"""Queueing formulas give the values that were computed by hand."""

from math import inf

import pytest

from section3.capacity.queueing import mean_wait, waiting_probability
from section3.test.theory import mean_wait_general


@pytest.mark.parametrize("busy", [0.1, 0.5, 0.7, 0.99])
def test_an_arrival_at_one_worker_waits_as_often_as_the_worker_is_busy(busy: float) -> None:
    assert waiting_probability(1, busy) == pytest.approx(busy)
    assert mean_wait(1, busy, 1) == pytest.approx(busy / (1 - busy))


def test_two_workers_who_are_busy_three_quarters_of_the_time() -> None:
    # 1.5 Erlang: (1.5^2 / 2 / 0.25) / (1 + 1.5 + 1.5^2 / 2 / 0.25) = 4.5 / 7
    assert waiting_probability(2, 1.5) == pytest.approx(4.5 / 7)
    assert mean_wait(2, 1.5, 1) == pytest.approx(4.5 / 7 / 0.5)


def test_three_workers_with_two_erlang() -> None:
    # (2^3 / 6 x 3) / (1 + 2 + 2 + 4) = 4 / 9
    assert waiting_probability(3, 2) == pytest.approx(4 / 9)


def test_nobody_waits_who_comes_when_nothing_comes() -> None:
    assert waiting_probability(4, 0) == 0
    assert mean_wait(4, 0, 1) == 0


@pytest.mark.parametrize("load", [2, 2.5])
def test_all_wait_forever_when_more_comes_than_can_be_done(load: float) -> None:
    assert waiting_probability(2, load) == 1
    assert mean_wait(2, load, 1) == inf


def test_tens_of_thousands_of_workers_neither_overflow_nor_wait() -> None:
    assert 0 <= waiting_probability(28_572, 20_000) < 1e-300
    assert waiting_probability(20_000, 19_990) == pytest.approx(0.92, abs=0.01)


def test_a_whole_waits_less_than_its_slices() -> None:
    """One queue for ten times the workers and arrivals: why a slice tells the worst of the whole."""
    waits = [mean_wait(14 * slices, 11.6 * slices, 1) for slices in (1, 10, 100)]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] > 10 * waits[1]


def test_other_variations_weigh_the_wait() -> None:
    assert mean_wait_general(3, 2, 1, cv=1) == mean_wait(3, 2, 1)
    assert mean_wait_general(3, 2, 1, cv=0) == pytest.approx(mean_wait(3, 2, 1) / 2)  # M/D/1 halves it exactly
    assert mean_wait_general(1, 0.5, 1, cv=0.8) == pytest.approx(0.5 / 0.5 * (1 + 0.64) / 2)  # Pollaczek, Khinchine
