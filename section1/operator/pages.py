"""HTML pages of the committed reports. They are generated from reports only, so a lost page is written again."""

import hashlib
import logging
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import islice

from common.batches import read_report, sort_key
from common.errors import JobError
from section1.core.page import TEMPLATE, page
from section1.core.report import Committed, Report, Tally
from section1.operator.destination import Destination

COMPARED = 24  # earlier batches on a page
KEPT_CURRENT = 24  # newest batches whose pages follow the committed batches; older pages stay unchanged
MAX_WRITTEN = 48  # pages that one run writes; a destination with many missing pages gets them over several runs

logger = logging.getLogger(__name__)


def refresh(destination: Destination) -> None:
    """Write the missing and outdated pages. A failure is only logged: a batch counts without its page."""
    try:
        for batch, earlier, mark in islice(_outdated(destination, _earlier(destination.committed())), MAX_WRITTEN):
            report, _ = read_report(destination.marker(batch), Report)
            destination.put_page(batch, page(report, earlier).encode() + mark)
    except (JobError, OSError) as error:
        why = (error.strerror or type(error).__name__) if isinstance(error, OSError) else str(error).rstrip(".")
        logger.warning("cannot write a page (report/*.html): %s. All batches count; the next run tries again.", why)


def _earlier(committed: Mapping[str, Committed]) -> dict[str, list[str]]:
    """Return all batches, oldest first, with the earlier batches on their pages, which are those with rows."""
    earlier, latest = {}, deque[str](maxlen=COMPARED)
    for batch in sorted(committed, key=sort_key):
        earlier[batch] = list(latest)
        if any(file.rows for file in committed[batch].files):
            latest.append(batch)
    return earlier


def _outdated(destination: Destination, earlier: Mapping[str, list[str]]) -> Iterator[tuple[str, list[Tally], bytes]]:
    """Yield each batch whose page is missing or outdated, its earlier batches, and the mark that ends the page."""
    template = TEMPLATE.read_text(encoding="utf-8")
    read = cache(lambda batch: read_report(destination.marker(batch), Tally))
    for batch in _candidates(destination, earlier):
        tallies = [read(name) for name in earlier[batch]]
        source = "".join((template, *(digest for _, digest in (*tallies, read(batch)))))
        mark = b"<!-- source-sha256 %s -->\n" % hashlib.sha256(source.encode()).hexdigest().encode()
        path = destination.page(batch)
        if not path.exists() or mark not in path.read_bytes():
            yield batch, [tally for tally, _ in tallies], mark


def _candidates(destination: Destination, earlier: Iterable[str]) -> list[str]:
    """Return the newest batches and those without a page, newest first."""
    batches = list(earlier)[::-1]
    return batches[:KEPT_CURRENT] + [name for name in batches[KEPT_CURRENT:] if not destination.page(name).exists()]
