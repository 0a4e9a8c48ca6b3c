"""Small changes of a SQL statement, one at a time, each of which a test should notice."""

from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from proof.mutants import Mutant

OTHER: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.LT: exp.LTE,
    exp.LTE: exp.LT,
    exp.GT: exp.GTE,
    exp.GTE: exp.GT,
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.And: exp.Or,
    exp.Or: exp.And,
    exp.Add: exp.Sub,
    exp.Sub: exp.Add,
    exp.Greatest: exp.Least,
    exp.Least: exp.Greatest,
}


def mutants(text: str, dialect: str) -> Iterator[Mutant]:
    """Give every mutant of a statement. Two with the same change in the same common table expression are numbered."""
    tree, seen = sqlglot.parse_one(text, dialect=dialect), dict[str, int]()
    for node in list(tree.walk()):
        table = node.find_ancestor(exp.CTE)
        where = f"{table.alias}: " if table else ""
        for new in _variants(node):
            change = f"{where}{_words(node, dialect)} -> {_words(new, dialect)}"
            seen[change] = seen.get(change, 0) + 1
            number = f" ({seen[change]})" if seen[change] > 1 else ""
            node.replace(new)
            yield Mutant(0, change + number, tree.sql(dialect, pretty=True))
            new.replace(node)


def _variants(node: exp.Expr) -> Iterator[exp.Expr]:
    """Give what may stand in a node's place."""
    match node:
        case exp.Not() | exp.Paren(this=exp.Not()):
            yield node.this.copy()
        case exp.And() | exp.Or():
            yield OTHER[type(node)](this=node.this.copy(), expression=node.expression.copy())
            yield node.this.copy()
            yield node.expression.copy()
        case exp.Binary() if type(node) in OTHER:
            yield OTHER[type(node)](this=node.this.copy(), expression=node.expression.copy())
        case exp.Greatest() | exp.Least():
            yield OTHER[type(node)](this=node.this.copy(), expressions=[one.copy() for one in node.expressions])
        case exp.Literal(is_string=True):
            yield exp.Literal.string(f"x{node.this}")
        case exp.Literal():
            yield exp.Literal.number(int(node.this) + 1)
        case exp.Boolean():
            yield exp.Boolean(this=not node.this)
        case exp.Case() if len(node.args["ifs"]) > 1 or node.args.get("default"):
            yield from _cases_left(node)


def _cases_left(node: exp.Case) -> Iterator[exp.Expr]:
    """Give the expression without each of its cases."""
    for place in range(len(node.args["ifs"])):
        fewer = node.copy()
        del fewer.args["ifs"][place]
        yield fewer if fewer.args["ifs"] else fewer.args["default"]


def _words(node: exp.Expr, dialect: str) -> str:
    text = node.sql(dialect)
    return text if len(text) <= 90 else f"{text[:60]} ... {text[-25:]}"
