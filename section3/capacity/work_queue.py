"""A standard queue, event by event: messages, who receives them, and what becomes of those that nobody deletes."""

from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import simpy

from section3.capacity.model import Model

Steps: TypeAlias = Generator[simpy.Event, Any, None]


@dataclass(eq=False, slots=True)
class Message:
    """A message about an image; a second message about the same image may exist."""

    image: int
    poison: bool
    sent: float = 0.0
    receives: int = 0
    visible_since: float = 0.0


@dataclass(eq=False, slots=True)
class Task:
    """A container with workers: open as long as it takes messages, lost when its zone took it away."""

    zone: int
    open: bool = True
    lost: bool = False


@dataclass
class Record:
    """What happened."""

    done: dict[int, float] = field(default_factory=dict)  # image -> when its record was first written
    dead: list[Message] = field(default_factory=list)
    expired: list[Message] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    deliveries: int = 0
    worked: float = 0.0  # seconds
    repeated: int = 0  # processed though the record was there: refused by the conditional write
    held_by_lost: int = 0
    samples: list[tuple[float, int, int]] = field(default_factory=list)  # second, messages visible, tasks


class WorkQueue:
    """A standard queue: what was received and not deleted in time is visible again, or dead after too often.

    What is older than the retention is gone, which is seen when it would be received or come back.
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
        """Return the event of the next message, or of None when the task closes before one comes."""
        event = self.env.event()
        self.idle.append((task, event))
        self._match()
        return event

    def release(self) -> None:
        """Send away the waiting workers of tasks that closed."""
        waiting, self.idle = self.idle, deque()
        for task, event in waiting:
            if task.open:
                self.idle.append((task, event))
            else:
                event.succeed(None)

    def is_over(self, message: Message) -> bool:
        """Say whether a message's retention has ended: counted from when it was sent, not from when it came back."""
        return self.env.now - message.sent >= self.settings.retention_hours * 3600

    def delete(self, message: Message) -> None:
        """Forget a message, unless it is visible again already."""
        self.hidden.discard(message)

    def reappear(self, message: Message, after: float) -> Steps:
        """Make a message visible again when its time is up, or dead when it was received often enough."""
        yield self.env.timeout(after)
        if message in self.hidden:
            self.hidden.remove(message)
            if self.is_over(message):
                self.record.expired.append(message)
            elif message.receives >= self.settings.max_receives:
                self.record.dead.append(message)
            else:
                self.put(message)

    def _match(self) -> None:
        while self.visible and self.idle:
            message = self.visible.popleft()
            if self.is_over(message):
                self.record.expired.append(message)
                continue
            self.hidden.add(message)
            message.receives += 1
            self.record.deliveries += 1
            self.record.waits.append(self.env.now - message.visible_since)
            self.idle.popleft()[1].succeed(message)
