"""Small changes of a Python module, one at a time, each of which a test should notice.

What is left alone: docstrings and types, which decide nothing; the words of messages; assertions, which tell a type
checker what holds; zip's `strict`, which says the same to a reader.
"""

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

MESSAGES = {"debug", "info", "warning", "error", "exception", "tell", "say", "print", "step", "__init__"}
LEFT_ALONE = {"annotation", "returns", "decorator_list", "format_spec"}
OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.LShift: ast.RShift,
    ast.BitXor: ast.BitAnd,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
OTHER_NAMES = {"min": "max", "max": "min", "all": "any", "any": "all", "sorted": "list"}
SAID = (ast.Constant, ast.JoinedStr)


class Mutant(NamedTuple):
    """A changed module: where and what was changed, and its whole text."""

    line: int
    change: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Give every mutant of a module. Two with the same change in the same function are numbered."""
    tree, seen = ast.parse(text), dict[str, int]()
    for node, where, said in _changeable(tree, "", said=False):
        for place in _places(node):
            original = place.get()
            if said and isinstance(original, SAID):
                continue
            line = getattr(original, "lineno", getattr(node, "lineno", 1))
            for new in _variants(original):
                place.put(new)
                change = f"{where}{_words(original)} -> {_words(new)}"
                seen[change] = seen.get(change, 0) + 1
                number = f" ({seen[change]})" if seen[change] > 1 else ""
                yield Mutant(line, change + number, ast.unparse(ast.fix_missing_locations(tree)))
                place.put(original)


class _Place(NamedTuple):
    """Where a node stands in its parent."""

    parent: ast.AST
    field: str
    at: int | None

    def get(self) -> ast.AST:
        value = getattr(self.parent, self.field)
        found: ast.AST = value if self.at is None else value[self.at]
        return found

    def put(self, node: ast.AST) -> None:
        if self.at is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.at] = node


def _places(node: ast.AST) -> Iterator[_Place]:
    for field, value in ast.iter_fields(node):
        if field in LEFT_ALONE or (isinstance(node, ast.keyword) and node.arg == "strict"):
            continue
        if isinstance(value, ast.AST):
            yield _Place(node, field, None)
        elif isinstance(value, list):
            yield from (_Place(node, field, index) for index, one in enumerate(value) if isinstance(one, ast.AST))


def _changeable(node: ast.AST, where: str, *, said: bool) -> Iterator[tuple[ast.AST, str, bool]]:
    """Give the nodes whose children may change, the function or class that each stands in, and whether it is said."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        where = f"{where.removesuffix(': ')}{'.' if where else ''}{node.name}: "
    match node:
        case ast.Assert() | ast.Expr(ast.Constant()):
            return
    said = said or isinstance(node, ast.Raise) or (isinstance(node, ast.Call) and _name(node.func) in MESSAGES)
    yield node, where, said
    for place in _places(node):
        if not (said and isinstance(place.get(), SAID)):
            yield from _changeable(place.get(), where, said=said)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _variants(node: ast.AST) -> Iterator[ast.AST]:
    """Give what may stand in a node's place."""
    match node:
        case ast.stmt():
            yield from _statements(node)
        case ast.Compare(left, ops, comparators):
            for place, op in enumerate(ops):
                changed: list[Any] = [*ops]
                changed[place] = OTHER[type(op)]()
                yield ast.Compare(left, changed, comparators)
        case ast.BoolOp(op, values):
            yield ast.BoolOp(OTHER[type(op)](), values)  # type: ignore[arg-type]
            for place in range(len(values)):
                rest = [*values[:place], *values[place + 1 :]]
                yield ast.BoolOp(op, rest) if len(rest) > 1 else rest[0]
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.BinOp(left, ast.Div(), ast.Constant(int() | float()) as right):
            yield ast.BinOp(left, ast.Mult(), right)
        case ast.BinOp(left, op, right) if type(op) in OTHER and not _is_text(left, right):
            yield ast.BinOp(left, OTHER[type(op)](), right)  # type: ignore[arg-type]
        case ast.Constant(value):
            yield from _constants(value)
        case ast.Name(name, ast.Load()) if name in OTHER_NAMES:
            yield ast.Name(OTHER_NAMES[name], ast.Load())
        case ast.IfExp(_, body, other):
            yield from (body, other)
        case ast.comprehension(target, iterated, [_, *_], is_async):
            yield ast.comprehension(target, iterated, [], is_async)


def _is_text(*nodes: ast.AST) -> bool:
    return any(isinstance(node, SAID) and not isinstance(getattr(node, "value", ""), int | float) for node in nodes)


def _constants(value: object) -> Iterator[ast.AST]:
    match value:
        case bool():
            yield ast.Constant(not value)
        case int() | float():
            yield ast.Constant(value + 1)
        case str():
            yield ast.Constant(f"x{value}")
        case bytes():
            yield ast.Constant(b"x" + value)


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    nothing = ast.Pass()
    match node:
        case ast.Expr(ast.Constant() | ast.Yield() | ast.YieldFrom()) | ast.Pass():
            return
        case ast.AugAssign(target, op, value):
            yield nothing
            yield ast.AugAssign(target, OTHER[type(op)](), value)  # type: ignore[arg-type]
        case ast.Expr() | ast.Raise() | ast.Break() | ast.Continue() | ast.Return(None):
            yield nothing
        case ast.Assign([ast.Attribute() | ast.Subscript()]):
            yield nothing
        case ast.Return(ast.Constant(None | bool())):
            return
        case ast.Return():
            yield ast.Return(None)
        case ast.If(test, body, other) | ast.While(test, body, other):
            yield from _conditions(node, test, body, other)
        case ast.For(target, _, body, other):
            yield ast.For(target, ast.Tuple([], ast.Load()), body, other)
        case ast.Try(body, handlers, other, final):
            for place in range(len(handlers)):
                yield _try(body, [*handlers[:place], *handlers[place + 1 :]], other, final)
            if final:
                yield _try(body, handlers, other, [])
        case ast.With(items, body) if not any(item.optional_vars for item in items):
            yield ast.If(ast.Constant(True), body, [])


def _conditions(node: ast.stmt, test: ast.expr, body: list[ast.stmt], other: list[ast.stmt]) -> Iterator[ast.AST]:
    """Give the statement with a condition that always or never holds; a loop's is turned round, so that it ends."""
    if isinstance(node, ast.While):
        if not isinstance(test, ast.Constant):
            yield ast.While(ast.UnaryOp(ast.Not(), test), body, other)
    elif any(isinstance(part, ast.NamedExpr) for part in ast.walk(test)):
        yield ast.If(ast.UnaryOp(ast.Not(), test), body, other)
    else:
        yield ast.If(ast.Constant(True), body, other)
        yield ast.If(ast.Constant(False), body, other)


def _try(
    body: list[ast.stmt], handlers: list[ast.ExceptHandler], other: list[ast.stmt], final: list[ast.stmt]
) -> ast.AST:
    if handlers or final:
        return ast.Try(body, handlers, other if handlers else [], final)
    return ast.If(ast.Constant(True), [*body, *other], [])


def _words(node: ast.AST) -> str:
    """Return a node in one short line."""
    text = " ".join(ast.unparse(ast.fix_missing_locations(node)).split())
    return text if len(text) <= 90 else f"{text[:60]} ... {text[-25:]}"
