"""Waits of c workers at one queue: exact for exponential times (Erlang), approximate for others (Allen-Cunneen)."""

from math import inf


def waiting_probability(workers: int, load: float) -> float:
    """Return the probability that an arrival waits in M/M/c (Erlang C); `load` is arrivals x mean service time.

    The recursion for the blocking probability (Erlang B) needs no factorials, so thousands of workers do not overflow.
    """
    if load >= workers:
        return 1.0
    blocking = 1.0
    for worker in range(1, workers + 1):
        blocking = load * blocking / (worker + load * blocking)
    return blocking / (1 - load / workers * (1 - blocking))


def mean_wait(workers: int, rate: float, service: float) -> float:
    """Return the mean wait in M/M/c in seconds, from arrivals per second and the mean service time in seconds."""
    spare = workers / service - rate
    return waiting_probability(workers, rate * service) / spare if spare > 0 else inf


def mean_wait_general(workers: int, rate: float, service: float, cv: float) -> float:
    """Return the approximate mean wait in M/G/c: the wait in M/M/c, weighted by the variation of service times."""
    return mean_wait(workers, rate, service) * (1 + cv**2) / 2
