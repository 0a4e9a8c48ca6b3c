"""Entity diagram of the live catalogue, as Graphviz source."""

from itertools import groupby
from typing import NamedTuple

from common.postgresql import Server
from section2.config import SQL

COLUMNS = 3  # of tables without references
HEAD = """digraph sales {
graph [rankdir=LR, nodesep=0.4, ranksep=1.3, bgcolor=white, pad=0.3]
node [shape=record, fontname=Helvetica, fontsize=12, color="#444444", style=filled, fillcolor="#f4f7fb"]
edge [color="#444444", dir=both, arrowsize=1.1, arrowtail=teetee]
"""


class Column(NamedTuple):
    """A column of a table; the type of a nullable one ends in " ?"."""

    table: str
    name: str
    type: str
    is_primary: bool
    is_foreign: bool


class Reference(NamedTuple):
    """A foreign key of one column; `at_most_one` when at most one row refers to each parent."""

    child: str
    child_column: str
    parent: str
    parent_column: str
    at_most_one: bool


def graph_source(server: Server) -> str:
    """Return the Graphviz source of the diagram; equal for equal catalogues."""
    with server.connected() as connection, connection.cursor() as cursor:
        cursor.execute((SQL / "section2_catalogue_columns.sql").read_text())
        columns = [Column(*row) for row in cursor.fetchall()]
        cursor.execute((SQL / "section2_catalogue_references.sql").read_text())
        references = [Reference(*row) for row in cursor.fetchall()]
    tables = [_table(name, list(of_table)) for name, of_table in groupby(columns, key=lambda column: column.table)]
    connected = {table for reference in references for table in (reference.child, reference.parent)}
    isolated = [name for name in dict.fromkeys(column.table for column in columns) if name not in connected]
    return HEAD + "\n".join([*tables, *map(_edge, references), *_rows(isolated), "}", ""])


def _table(name: str, columns: list[Column]) -> str:
    """Return a table's node: the name above the columns, each with its keys on the left and its type on the right."""
    keys = "|".join(f"<in_{column.name}>{_keys(column)}" for column in columns)
    names = "|".join(rf"{column.name}\l" for column in columns)
    types = "|".join(rf"<out_{column.name}>{column.type}\l" for column in columns)
    return f'"{name}" [label="{name}|{{{{{keys}}}|{{{names}}}|{{{types}}}}}"]'


def _keys(column: Column) -> str:
    return " ".join(kind for kind, holds in (("PK", column.is_primary), ("FK", column.is_foreign)) if holds) or " "


def _edge(reference: Reference) -> str:
    """Return an edge from parent to child, in crow's foot notation: zero or one, or any number of rows."""
    ends = f'"{reference.parent}":out_{reference.parent_column}:e -> "{reference.child}":in_{reference.child_column}:w'
    return f"{ends} [arrowhead={'teeodot' if reference.at_most_one else 'crowodot'}]"


def _rows(isolated: list[str]) -> list[str]:
    """Return invisible edges, which place tables without references side by side."""
    rows = [isolated[start : start + COLUMNS] for start in range(0, len(isolated), COLUMNS)]
    return [f"{' -> '.join(row)} [style=invis]" for row in rows if len(row) > 1]
