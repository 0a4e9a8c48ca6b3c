"""The table of kills in docs/reliability.md. Only kills of a running process are counted."""

KILLED = {"fsync": "off"}  # the kernel keeps the writes of a killed server, unlike after a power failure


def row_of_kills(section: int, victim: str, kills: int, recovery: str, *, lost: int, doubled: int) -> dict[str, str]:
    """Return a row for `record`."""
    return {
        "section": f"{section}",
        "what was killed": victim,
        "kills": f"{kills:,}",
        "lost": f"{lost:,}",
        "doubled": f"{doubled:,}",
        "recovery": recovery,
    }
