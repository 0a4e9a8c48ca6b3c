"""One table of kills, whichever section they struck; counted are those that struck a process at work."""

KILLED = {"fsync": "off"}  # of a server that is killed: what it has written the kernel keeps, unlike at a power failure


def row_of_kills(section: int, victim: str, kills: int, healed: str, *, lost: int, doubled: int) -> dict[str, str]:
    """Return what a test that kills takes down."""
    return {
        "section": f"{section}",
        "what was killed": victim,
        "kills": f"{kills:,}",
        "lost": f"{lost:,}",
        "doubled": f"{doubled:,}",
        "how it healed": healed,
    }
