"""Event-based simulation of the write path from a stored image to its record: queue, workers, scaling, faults.

One queue with its tasks is simulated. A rate above `largest_slice` is divided into equal slices, and one slice is
simulated. The whole system performs at least as well: in one queue, no worker is idle while messages wait elsewhere
(shown by Erlang C in test_queueing). Each slice gets its part of the account's launch rate.
"""

from collections.abc import Iterator

import numpy as np
import simpy

from section3.capacity.arrivals import Images
from section3.capacity.model import Model, Processing, Scenario
from section3.capacity.sizing import launch_rate, least_tasks, most_tasks
from section3.capacity.work_queue import Message, Record, Steps, Task, WorkQueue

SAMPLE_SECONDS = 30.0
DRAWN_AT_ONCE = 4096


class Platform:
    """A queue, its tasks, scaling and faults."""

    def __init__(
        self, model: Model, rate: float, scenario: Scenario, parts: int, images: Images, rng: np.random.Generator
    ) -> None:
        self.model, self.images, self.env, self.record = model, images, simpy.Environment(), Record()
        self.queue = WorkQueue(self.env, model, self.record)
        self.least, self.most = least_tasks(model, rate), most_tasks(model, rate)
        self.launches = launch_rate(model, self.most * parts) / parts
        self.desired, self.tasks, self.starting, self.unnoticed = self.least, list[Task](), 0, 0
        self.delivered, self.lost_zone = 0, -1
        self.services, self.luck = _services(model.processing, rng), _uniform(rng)
        for _ in range(self.least):
            self._open_task()
        for process in (self._deliver(), self._scale(), self._launch(), self._sample()):
            self.env.process(process)
        if scenario == "zone_outage":
            self.env.process(self._lose_a_zone())

    def _deliver(self) -> Steps:
        """Send a message for every image, and some duplicates."""
        visible, poison = self.images.visible.tolist(), self.images.poison.tolist()
        for image, (moment, poisoned) in enumerate(zip(visible, poison, strict=True)):
            if moment == np.inf:  # deleted by Kafka before the sink read them; sorted last
                return
            yield self.env.timeout(moment - self.env.now)
            self.delivered = image + 1
            self.queue.put(Message(image, poisoned, moment))
            if next(self.luck) < self.model.queue.duplicate_share:
                self.queue.put(Message(image, poisoned, moment))

    def _work(self, task: Task) -> Steps:
        """Process messages one by one while the task is open."""
        while task.open:
            message = yield self.queue.receive(task)
            if message is not None:
                seconds, limit = next(self.services), self.model.queue.visibility_seconds
                fails = message.poison or next(self.luck) < self.model.processing.transient_share
                if seconds >= limit:  # visible again during processing
                    self.env.process(self.queue.reappear(message, limit))
                yield self.env.timeout(seconds)
                self.record.worked += seconds
                if not (fails or task.lost):
                    self._finish(message)
                elif seconds < limit:
                    self.env.process(self.queue.reappear(message, limit - seconds))
                self.record.held_by_lost += task.lost

    def _finish(self, message: Message) -> None:
        """Write the record unless it exists, then delete the message."""
        if message.image in self.record.done:
            self.record.repeated += 1
        else:
            self.record.done[message.image] = self.env.now
        self.queue.delete(message)

    def _scale(self) -> Steps:
        """Follow the backlog per task like target tracking: scale out fast and fully, scale in late and in steps.

        An empty queue has a backlog of 0 for any number of tasks, so the target alone would compute the minimum.
        AWS documents that scaling in is slower ("gradually", after fifteen minutes, with a cooldown) without a number.
        The limit of `in_share` of the tasks per step is an assumption; a variant of the model shows the worst case.
        """
        scaling, target = self.model.scaling, self.model.scaling.backlog_per_task
        above = below = 0
        removed = -np.inf
        while True:
            yield self.env.timeout(scaling.metric_seconds)
            tasks = max(1, len(self.tasks))
            backlog = len(self.queue.visible) / tasks
            above, below = (above + 1) * (backlog > target), (below + 1) * (backlog < 0.9 * target)
            wanted = int(np.ceil(tasks * backlog / target))
            rested = self.env.now - removed >= scaling.in_cooldown_seconds
            if above >= scaling.out_periods:
                self.desired = min(self.most, max(self.desired, wanted))
            elif below >= scaling.in_periods and rested and self.desired > self.least:
                remaining = self.desired - max(1, int(self.desired * scaling.in_share))
                self.desired, removed = max(self.least, wanted, remaining), self.env.now
                self._close(self.tasks[self.desired :], lost=False)

    def _launch(self) -> Steps:
        """Start missing tasks, within the account's launch rate."""
        allowed = 0.0
        while True:
            yield self.env.timeout(1)
            missing = self.desired - len(self.tasks) - self.starting - self.unnoticed
            allowed = min(allowed + self.launches, max(missing, 1))
            for _ in range(min(int(allowed), missing)):
                allowed -= 1
                self.starting += 1
                self.env.process(self._start_task())

    def _start_task(self) -> Steps:
        yield self.env.timeout(self.model.scaling.start_seconds)
        self.starting -= 1
        self._open_task()

    def _open_task(self) -> None:
        """Add a task in the zone with the fewest tasks, and start its workers."""
        held = {zone: 0 for zone in range(self.model.scaling.zones) if zone != self.lost_zone} or {0: 0}
        for other in self.tasks:
            held[other.zone] = held.get(other.zone, 0) + 1
        task = Task(min(held, key=lambda zone: (held[zone], zone)))
        self.tasks.append(task)
        for _ in range(self.model.processing.workers_per_task):
            self.env.process(self._work(task))

    def _lose_a_zone(self) -> Steps:
        """Lose the tasks of a zone and their messages; the service detects the loss later."""
        outage, zone = self.model.scenarios.zone_outage, 0
        yield self.env.timeout(outage.start * 60)
        self.lost_zone = zone
        lost = [task for task in self.tasks if task.zone == zone]
        self.unnoticed = len(lost)
        self._close(lost, lost=True)
        yield self.env.timeout(self.model.scaling.detect_seconds)
        self.unnoticed = 0
        yield self.env.timeout(outage.length * 60)
        self.lost_zone = -1

    def _close(self, tasks: list[Task], *, lost: bool) -> None:
        """Stop receiving messages; workers of lost tasks do not finish their current message."""
        for task in tasks:
            task.open, task.lost = False, lost
        self.tasks = [task for task in self.tasks if task.open]
        self.queue.release()

    def _sample(self) -> Steps:
        while True:
            self.record.samples.append((self.env.now, len(self.queue.visible), len(self.tasks)))
            yield self.env.timeout(SAMPLE_SECONDS)


def _services(processing: Processing, rng: np.random.Generator) -> Iterator[float]:
    """Yield processing times in seconds."""
    spread = np.sqrt(np.log(1 + processing.cv**2))
    middle = np.log(processing.mean_seconds) - spread**2 / 2
    while True:
        if processing.distribution == "exponential":
            yield from rng.exponential(processing.mean_seconds, DRAWN_AT_ONCE).tolist()
        else:
            yield from rng.lognormal(middle, spread, DRAWN_AT_ONCE).tolist()


def _uniform(rng: np.random.Generator) -> Iterator[float]:
    """Yield random numbers between 0 and 1."""
    while True:
        yield from rng.random(DRAWN_AT_ONCE).tolist()
