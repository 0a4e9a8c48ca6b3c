"""What a run says at its end, for a person."""

from typing import TYPE_CHECKING

from common.table import closing_table

if TYPE_CHECKING:
    from section4.main import Outcome, Request


def table(outcome: "Outcome", request: "Request", seconds: float) -> str:
    """Return what became of a source's figures, a line each."""
    ask, loaded = request.ask, outcome.loaded
    state = "dry run, nothing changed" if request.dry_run else "loaded" if loaded else "nothing new since the last run"
    rows: list[tuple[str, str | int]] = [
        ("source", outcome.source if outcome.source != "sample" else "sample: MADE UP, no real figures"),
        ("countries", ", ".join(sorted(ask.countries)) if ask.countries else "all"),
        ("days", f"{ask.first} to {ask.last or 'the latest'}"),
    ]
    if loaded:
        rows += [("inserted", loaded.inserted), ("changed", loaded.changed), ("unchanged", loaded.unchanged)]
        rows += [("refused", sum(loaded.refused.values()))]
        rows += [(f"  {name}", days) for name, days in sorted(loaded.refused.items())]
        rows += [(f"  {code}", "the source does not know it") for code in outcome.silent_about]
    return closing_table(f"ingestion: {state}", [*rows, ("seconds", f"{seconds:.1f}")])
