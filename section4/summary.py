"""The closing table of an ingestion."""

from common.table import closing_table
from section4.main import Outcome, Request


def summary(outcome: Outcome, request: Request, seconds: float) -> str:
    query, loaded = request.query, outcome.loaded
    state = "dry run, nothing changed" if request.dry_run else "loaded" if loaded else "nothing new since the last run"
    rows: list[tuple[str, str | int]] = [
        ("source", "sample: SYNTHETIC, not real figures" if outcome.source == "sample" else outcome.source),
        ("countries", ", ".join(sorted(query.countries)) if query.countries else "all"),
        ("days", f"{query.first} to {query.last or 'latest'}"),
    ]
    if loaded:
        rows += [("inserted", loaded.inserted), ("changed", loaded.changed), ("unchanged", loaded.unchanged)]
        rows += [("refused", sum(loaded.refused.values()))]
        rows += [(f"  {name}", days) for name, days in sorted(loaded.refused.items())]
        rows += [(f"  {code}", "not in the source") for code in outcome.missing]
    return closing_table(f"ingestion: {state}", [*rows, ("seconds", f"{seconds:.1f}")])
