"""Event-based model of a standard SQS queue: delivery, visibility timeout, retention and dead letters."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import simpy

from section3.capacity.model import Model

Steps: TypeAlias = Generator[simpy.Event, Any, None]


@dataclass(eq=False, slots=True)
class Message:
    """A message about an image; a duplicate may exist."""

    image: int
    poison: bool
    sent: float = 0.0
    receives: int = 0
    visible_since: float = 0.0


@dataclass(eq=False, slots=True)
class Task:
    """A container with workers: open while it receives messages, lost when its zone fails."""

    zone: int
    open: bool = True
    lost: bool = False


@dataclass
class Record:
    """Events of a run."""

    done: dict[int, float] = field(default_factory=dict)  # image -> time of its record
    dead: list[Message] = field(default_factory=list)
    expired: list[Message] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    deliveries: int = 0
    worked: float = 0.0  # seconds
    repeated: int = 0  # processed again and rejected by the conditional write
    held_by_lost: int = 0
    samples: list[tuple[float, int, int]] = field(default_factory=list)  # second, messages visible, tasks


class WorkQueue:
    """A standard queue: a message that is not deleted in time becomes visible again, or dead after too many receives.

    Expired messages are dropped when they would be received or become visible again.
    """

    def __init__(self, env: simpy.Environment, model: Model, record: Record) -> None:
        self.env, self.settings, self.record = env, model.queue, record
        self.visible: deque[Message] = deque()
        self.hidden: set[Message] = set()
        self.idle: deque[tuple[Task, simpy.Event]] = deque()

    def put(self, message: Message) -> None:
        """Make a message visible."""
        message.visible_since = self.env.now
        self.visible.append(message)
        self._match()

    def receive(self, task: Task) -> simpy.Event:
        """Return an event with the next message, or with None when the task closes first."""
        event = self.env.event()
        self.idle.append((task, event))
        self._match()
        return event

    def release(self) -> None:
        """Release the waiting workers of closed tasks."""
        waiting, self.idle = self.idle, deque()
        for task, event in waiting:
            if task.open:
                self.idle.append((task, event))
            else:
                event.succeed(None)

    def is_expired(self, message: Message) -> bool:
        """Return whether the retention, counted from the first send, is over."""
        return self.env.now - message.sent >= self.settings.retention_hours * 3600

    def delete(self, message: Message) -> None:
        """Delete a message, unless it is already visible again."""
        self.hidden.discard(message)

    def reappear(self, message: Message, after: float) -> Steps:
        """Make a message visible again after its timeout, or dead after the last receive."""
        yield self.env.timeout(after)
        if message in self.hidden:
            self.hidden.remove(message)
            if self.is_expired(message):
                self.record.expired.append(message)
            elif message.receives >= self.settings.max_receives:
                self.record.dead.append(message)
            else:
                self.put(message)

    def _match(self) -> None:
        while self.visible and self.idle:
            message = self.visible.popleft()
            if self.is_expired(message):
                self.record.expired.append(message)
                continue
            self.hidden.add(message)
            message.receives += 1
            self.record.deliveries += 1
            self.record.waits.append(self.env.now - message.visible_since)
            self.idle.popleft()[1].succeed(message)
