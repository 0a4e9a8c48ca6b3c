"""What theory says of a queue, for a simulation to be held against."""

from section3.capacity.queueing import mean_wait


def mean_wait_general(workers: int, rate: float, service: float, cv: float) -> float:
    """Return about the mean wait in M/G/c: that of M/M/c, weighted by the variation of service (Allen, Cunneen)."""
    return mean_wait(workers, rate, service) * (1 + cv**2) / 2
