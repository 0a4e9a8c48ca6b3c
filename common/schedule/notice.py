"""Tells a web address when runs begin to fail and when they succeed again; nothing personal, and no retries."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from common.schedule.record import Record


class _NoRedirect(HTTPRedirectHandler):
    """Takes a redirection for an error: following it would turn the message into a mere visit."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


@dataclass(frozen=True)
class Webhook:
    """The web address to tell, and how long to wait for it."""

    url: str
    seconds: float = 10.0

    def post(self, message: Mapping[str, object]) -> str | None:
        """Send the message as JSON; return what went wrong, without the address, which may hold a token."""
        body = json.dumps(message).encode()
        request = Request(self.url, body, {"Content-Type": "application/json"})  # noqa: S310 - http(s), says Settings
        try:
            with build_opener(_NoRedirect).open(request, timeout=self.seconds):
                return None
        except HTTPError as error:
            error.close()
            return f"it answered {error.code}"
        except URLError as error:
            return str(error.reason)
        except (OSError, HTTPException) as error:
            return type(error).__name__


def notify(webhook: Webhook | None, job: str, record: Record, told: bool, say: Callable[[str], None]) -> bool:
    """Tell of the first failed run, and of the first good one after it; return whether trouble is told of now."""
    if record.good != told:
        return told  # nothing has changed
    if webhook is None:
        return False
    event, text = ("recovered", "runs succeed again") if record.good else ("failed", record.words)
    message = {"job": job, "event": event, "at": record.ended_at, "exit_code": record.exit_code}
    problem = webhook.post({**message, "text": f"{job}: {text}"})
    if problem is not None:
        say(f"the notice '{event}' was not delivered ({problem}); the next run tries again")
    return told if problem is not None else not told
