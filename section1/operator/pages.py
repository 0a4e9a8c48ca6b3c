"""Keeps a page beside each committed report: made from reports alone, so that losing one loses nothing."""

import hashlib
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TypeVar

from pydantic import ValidationError

from common.errors import JobError
from common.picture import is_current, mark_svg
from section1.core.batch import in_time
from section1.core.page import TEMPLATE, page
from section1.core.report import Committed, Report, Tally
from section1.operator.destination import Destination, ReportUnreadable

COMPARED = 24  # earlier batches that a page shows
KEPT_CURRENT = 24  # of the newest batches: their pages follow what is committed; an older one stays as it was made
AT_ONCE = 48  # pages that a run makes: a destination with many batches and no pages gets them run by run

logger = logging.getLogger(__name__)

Told = TypeVar("Told", Report, Tally)


def refresh(destination: Destination) -> None:
    """Make the pages that are missing or stale; what fails is told, since the batches count without their pages."""
    try:
        for batch, earlier, source in islice(_stale(destination, _shown(destination.committed())), AT_ONCE):
            report, _ = _read(destination, batch, Report)
            # A comment with the hash of its source is to HTML what it is to SVG.
            destination.put_page(batch, mark_svg(page(report, earlier).encode(), source))
    except (JobError, OSError) as error:
        why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else error
        logger.warning("all batches count, but a page (report/*.html) could not be made: %s; the next run tries", why)


def _shown(committed: Mapping[str, Committed]) -> dict[str, list[str]]:
    """Return the batches, from the oldest on, and which earlier ones the page of each shows: those with rows."""
    shown, latest = {}, deque[str](maxlen=COMPARED)
    for batch in sorted(committed, key=in_time):
        shown[batch] = list(latest)
        if any(file.rows for file in committed[batch].files):
            latest.append(batch)
    return shown


def _stale(destination: Destination, shown: Mapping[str, list[str]]) -> Iterator[tuple[str, list[Tally], str]]:
    """Give each batch whose page is missing or stale, the earlier ones to show, and the page's source."""
    template = TEMPLATE.read_text(encoding="utf-8")
    known = cache(lambda batch: _read(destination, batch, Tally))
    for batch in _to_look_at(destination, shown):
        earlier = [known(one) for one in shown[batch]]
        source = "".join((template, *(digest for _, digest in (*earlier, known(batch)))))
        path = destination.page(batch)
        if not path.exists() or not is_current(path.read_bytes(), source):
            yield batch, [tally for tally, _ in earlier], source


def _to_look_at(destination: Destination, shown: Iterable[str]) -> list[str]:
    """Return the newest batches and those without a page, the newest first."""
    batches = list(shown)[::-1]
    return batches[:KEPT_CURRENT] + [one for one in batches[KEPT_CURRENT:] if not destination.page(one).exists()]


def _read(destination: Destination, batch: str, model: type[Told]) -> tuple[Told, str]:
    """Return what a committed report tells, and its sha256. Raises: ReportUnreadable."""
    path = destination.marker(batch)
    content = path.read_bytes()
    try:
        return model.model_validate_json(content), hashlib.sha256(content).hexdigest()
    except ValidationError:
        raise ReportUnreadable(path) from None
