"""Alerts to a webhook: one when runs begin to fail, one when they succeed again. No personal data, no retries."""

import json
from collections.abc import Callable, Mapping
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from common.schedule.record import Record

SECONDS = 10.0


def post(url: str, message: Mapping[str, object], seconds: float = SECONDS) -> str | None:
    """Send the message as JSON. Return the problem, without the address: it may contain a token."""
    request = Request(url, json.dumps(message).encode(), {"Content-Type": "application/json"})  # noqa: S310
    try:
        with urlopen(request, timeout=seconds) as response:  # noqa: S310 - Settings allows http and https only
            return None if response.url == url else "a redirection, which urllib follows without the message"
    except HTTPError as error:
        error.close()
        return f"HTTP status {error.code}"
    except URLError as error:
        return str(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return type(error).__name__


def alert(url: str | None, job: str, record: Record, alerted: bool, log: Callable[[str], None]) -> bool:
    """Post if the run begins or ends a series of failures. Return whether the current failure is reported."""
    if record.good != alerted:
        return alerted
    if url is None:
        return False
    event, text = ("recovered", "runs succeed again") if record.good else ("failed", record.result)
    message = {"job": job, "event": event, "at": record.ended_at, "exit_code": record.exit_code}
    problem = post(url, {**message, "text": f"{job}: {text}"})
    if problem is not None:
        log(f"the alert '{event}' was not delivered ({problem}). The next run tries again.")
        return alerted
    return not alerted
