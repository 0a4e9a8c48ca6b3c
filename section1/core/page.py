"""A batch's report as an HTML page: one file without scripts or network access, at most 2 MB."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from section1.core.report import Report, Tally
from section1.core.trend import MIN_BATCHES, RULE, Trend, trends

TEMPLATE = Path(__file__).with_name("page.html")
FILES_SHOWN = 300  # of each state: read, skipped, refused; a name needs up to 1.5 kB of HTML

Row = Sequence[str]


def page(report: Report, earlier: Sequence[Tally]) -> str:
    """Return the page of a batch. Earlier batches, which all have rows, are given oldest first."""
    found = trends(report.tally, earlier)
    parts = {
        "batch": escape(report.batch),
        "headline": _headline(report, earlier),
        "verdict": _verdict(found),
        "counts": _table(_counted_columns(earlier), [_counted(trend) for trend in found]),
        "rule": escape(RULE),
        "files": _files(report),
        "timings": _timings(report),
        "earlier": _earlier(found, earlier),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(parts)


def _headline(report: Report, earlier: Sequence[Tally]) -> str:
    counts = report.counts
    change = f" ({report.rows - earlier[-1].rows:+,} from {earlier[-1].batch})" if earlier else ""
    facts = {
        "started": report.started_at,
        "engine": f"{report.engine} ({', '.join(f'{name} {number}' for name, number in report.versions.items())})",
        "rows read": f"{report.rows:,}{change}",
        "successful": f"{counts.successful:,} ({_percent(counts.successful, report.rows)})",
        "unsuccessful": f"{counts.unsuccessful:,} ({_percent(counts.unsuccessful, report.rows)})",
        "membership IDs with several e-mails": f"{counts.shared_membership_ids:,}",
    }
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items())


def _verdict(found: Sequence[Trend]) -> str:
    """Return a sentence about unusual shares."""
    [batches] = {len(trend.before) for trend in found}
    unusual = [trend.name for trend in found if trend.is_unusual]
    if found[0].share is None:
        return "No rows were read, so there are no shares to compare."
    if batches < MIN_BATCHES:
        return f"Too few earlier batches with rows for a comparison: {batches} of {MIN_BATCHES}."
    if unusual:
        return f"<strong>Unusual: {escape(', '.join(unusual))}</strong>"
    return "No unusual shares."


def _counted_columns(earlier: Sequence[Tally]) -> Row:
    previous = escape(earlier[-1].batch) if earlier else "an earlier batch"
    changes = (f"change in rows from {previous}", "change in percentage points")
    return ("", "rows", "share of rows", "", *changes, "usual share", "earlier batches and this one", "")


def _counted(trend: Trend) -> Row:
    """Return a row of the table of counts."""
    change = ("", "")
    if trend.before:
        rows, of = trend.before[-1]
        points = "" if trend.share is None else f"{100 * (trend.share - rows / of):+z.1f}"
        change = (f"{trend.rows - rows:+,}", points)
    return (
        escape(trend.name),
        f"{trend.rows:,}",
        _percent(trend.rows, trend.of),
        _bar(trend),
        *change,
        "" if trend.usual is None else f"{100 * trend.usual:.1f} %",
        _chart(trend),
        "<strong>unusual</strong>" if trend.is_unusual else "",
    )


def _bar(trend: Trend) -> str:
    label = f"{trend.name}: {_percent(trend.rows, trend.of)} of the rows"
    width = 100 * (trend.share or 0)
    return f'<span class="bar" role="img" aria-label="{escape(label)}"><i style="width:{width:.1f}%"></i></span>'


def _chart(trend: Trend) -> str:
    """Return a small bar chart of the shares in the earlier batches and in this one, which is last."""
    if not trend.before:
        return ""
    shares = [*trend.shares, trend.share or 0]
    highest = max(shares) or 1
    bars = "".join(f'<i style="height:{100 * share / highest:.0f}%"></i>' for share in shares)
    span = f"{100 * min(trend.shares):.1f} to {100 * max(trend.shares):.1f} % in earlier batches ({len(trend.before)})"
    label = f"{trend.name}: {span}, {_percent(trend.rows, trend.of)} in this one"
    return f'<span class="trend" role="img" aria-label="{escape(label)}">{bars}</span>'


def _files(report: Report) -> str:
    """Return the table of files, refused ones first."""
    refused = [_file(file.name, f"<strong>refused: {escape(file.problem)}</strong>") for file in report.refused]
    read = [_file(file.name, "read", f"{file.bytes:,}", f"{file.rows:,}") for file in report.files]
    skipped = [_file(file.name, f"skipped: already in batch {escape(file.batch)}") for file in report.skipped]
    kinds = {"refused": refused, "read": read, "skipped": skipped}
    rows = [row for kind in kinds.values() for row in kind[:FILES_SHOWN]]
    more = [f"{len(kind) - FILES_SHOWN:,} more {name}" for name, kind in kinds.items() if len(kind) > FILES_SHOWN]
    counts = ", ".join(f"{len(kind):,} {name}" for name, kind in kinds.items())
    left_out = f" Not shown: {'; '.join(more)}. {escape(report.batch)}.json lists all files." if more else ""
    table = _table(("file", "state", "bytes", "rows"), rows, words=True) if rows else ""
    return f"<p>{counts}.{left_out}</p>{table}"


def _file(name: str, state: str, *numbers: str) -> Row:
    # A name can have characters that change the text direction around it.
    return (f"<bdi>{escape(name)}</bdi>", state, *(numbers or ("", "")))


def _timings(report: Report) -> str:
    rows = [(escape(step), f"{seconds:,.3f}") for step, seconds in report.seconds.items()]
    total = sum(report.seconds.values())
    speed = f"<p>{report.rows / total:,.0f} rows per second.</p>" if report.rows and total else ""
    return _table(("step", "seconds"), rows) + speed


def _earlier(found: Sequence[Trend], earlier: Sequence[Tally]) -> str:
    """Return rows and share of each count in the earlier batches, newest first."""
    if not earlier:
        return "<p>No earlier batch has rows.</p>"
    rows = [
        (escape(batch.batch), f"{batch.rows:,}", *(_rows_and_share(*trend.before[index]) for trend in found))
        for index, batch in enumerate(earlier)
    ]
    columns = ("batch", "rows", *(escape(trend.name).replace("_", "_<wbr>") for trend in found))
    return f"<p>The last {len(earlier)} with rows.</p>" + _table(columns, rows[::-1])


def _rows_and_share(rows: int, of: int) -> str:
    return f'{rows:,} <span class="dim">{_percent(rows, of)}</span>'


def _table(columns: Row, rows: Iterable[Row], *, words: bool = False) -> str:
    """Return a table of HTML cells. In a table of words only the last two columns are numbers."""
    numbers = range(len(columns) - 2, len(columns)) if words else range(0)
    head = "".join(_cell("th", cell, index in numbers) for index, cell in enumerate(columns))
    body = "".join(
        f"<tr>{''.join(_cell('td', cell, index in numbers) for index, cell in enumerate(row))}</tr>\n" for row in rows
    )
    kind = ' class="words"' if words else ""
    return f'<div class="table"><table{kind}><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'


def _cell(tag: str, cell: str, is_number: bool) -> str:
    kind = ' class="number"' if is_number else ""
    return f"<{tag}{kind}>{cell}</{tag}>"


def _percent(rows: int, of: int) -> str:
    return f"{100 * rows / of:.1f} %" if of else "no rows"
