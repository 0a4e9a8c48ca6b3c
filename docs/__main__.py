"""Draws the house's flow: python -m docs."""

from common import cli

EXIT_CODES = "exit codes: 0 drawn; 1 failed; 2 bad usage\n"


def main() -> None:
    """Draw it."""
    cli.Parser(
        prog="python -m docs",
        description="Draw docs/flow.svg and docs/flow.png from the compose files, the configuration and the runners.",
        example=".venv/bin/python -m docs",
        exit_codes=EXIT_CODES,
    ).parse_args()
    cli.run(draw)


def draw() -> int:
    """Write the pictures."""
    # Imported late, so that --help and a mistyped argument answer at once.
    from common.graph import png, svg
    from docs import COMPOSE, PICTURES, ROOT
    from docs.flow import source
    from docs.house import house

    dot = source(house(ROOT, COMPOSE))
    for kind, drawn in (("svg", svg), ("png", png)):
        PICTURES[kind].write_bytes(drawn(dot))
        print(f"{PICTURES[kind].relative_to(ROOT)} is drawn")
    return 0


if __name__ == "__main__":
    main()
