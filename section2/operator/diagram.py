"""The entity diagram of the live catalogue, in Graphviz's language."""

from itertools import groupby
from typing import NamedTuple

from common.postgresql import Server
from section2.config import SQL

COLUMNS = 3
HEAD = """digraph sales {
graph [rankdir=LR, nodesep=0.4, ranksep=1.3, bgcolor=white, pad=0.3]
node [shape=record, fontname=Helvetica, fontsize=12, color="#444444", style=filled, fillcolor="#f4f7fb"]
edge [color="#444444", dir=both, arrowsize=1.1, arrowtail=teetee]
"""


class Column(NamedTuple):
    """A column of a table; a type that ends in ? may be null."""

    table: str
    name: str
    type: str
    is_primary: bool
    is_foreign: bool


class Reference(NamedTuple):
    """A column of a table that refers to one of another."""

    child: str
    child_column: str
    parent: str
    parent_column: str
    at_most_one: bool


def source(server: Server) -> str:
    """Return the diagram of the schema's tables in Graphviz's language, the same for the same catalogue."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute((SQL / "section2_catalogue_columns.sql").read_text())
        columns = [Column(*row) for row in cursor.fetchall()]
        cursor.execute((SQL / "section2_catalogue_references.sql").read_text())
        references = [Reference(*row) for row in cursor.fetchall()]
    tables = [_table(name, list(its)) for name, its in groupby(columns, key=lambda column: column.table)]
    related = {table for reference in references for table in (reference.child, reference.parent)}
    alone = [name for name in dict.fromkeys(column.table for column in columns) if name not in related]
    return HEAD + "\n".join([*tables, *map(_edge, references), *_rows(alone), "}", ""])


def _table(name: str, columns: list[Column]) -> str:
    """Write a table: its name above its columns, each with its keys to the left and its type to the right."""
    keys = "|".join(f"<in_{column.name}>{_keys(column)}" for column in columns)
    names = "|".join(rf"{column.name}\l" for column in columns)
    types = "|".join(rf"<out_{column.name}>{column.type}\l" for column in columns)
    return f'"{name}" [label="{name}|{{{{{keys}}}|{{{names}}}|{{{types}}}}}"]'


def _keys(column: Column) -> str:
    return " ".join(kind for kind, holds in (("PK", column.is_primary), ("FK", column.is_foreign)) if holds) or " "


def _edge(reference: Reference) -> str:
    """Write a line from the one row that is referred to, to the rows that refer to it: none or one, or any number."""
    ends = f'"{reference.parent}":out_{reference.parent_column}:e -> "{reference.child}":in_{reference.child_column}:w'
    return f"{ends} [arrowhead={'teeodot' if reference.at_most_one else 'crowodot'}]"


def _rows(alone: list[str]) -> list[str]:
    """Write lines that nobody sees, which lay tables without references side by side."""
    rows = [alone[start : start + COLUMNS] for start in range(0, len(alone), COLUMNS)]
    return [f"{' -> '.join(row)} [style=invis]" for row in rows if len(row) > 1]
