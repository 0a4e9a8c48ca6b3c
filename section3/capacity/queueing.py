"""Waits of c workers at one queue: exact for exponential times (Erlang), near for others (Allen and Cunneen)."""

from math import inf


def waiting_probability(workers: int, load: float) -> float:
    """Return the probability that an arrival waits in M/M/c (Erlang C); `load` is arrivals x mean service time.

    The recursion for the blocking probability (Erlang B) divides no factorials, so that thousands of workers are fine.
    """
    if load >= workers:
        return 1.0
    blocking = 1.0
    for worker in range(1, workers + 1):
        blocking = load * blocking / (worker + load * blocking)
    return blocking / (1 - load / workers * (1 - blocking))


def mean_wait(workers: int, rate: float, service: float) -> float:
    """Return the mean seconds that an arrival waits in M/M/c; `rate` a second, `service` the mean seconds of one."""
    spare = workers / service - rate
    return waiting_probability(workers, rate * service) / spare if spare > 0 else inf
