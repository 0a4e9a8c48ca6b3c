"""The mutator itself: what it changes, that it tells a noticed change from one that is not, and a few real ones."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copy

import pytest

from proof import ROOT, mutants, sql_mutants
from proof.modules import TESTS
from proof.mutations import FailAnyway, Result, Worker, ended, mutants_of, report, workers, wrongs

PLANTED = """
def tax(price: int, abroad: bool = False) -> int:
    if abroad and price < 100:
        return 0
    return price // 5
"""
SHOP_TESTS = """
from shop import tax

def test_tax():
    assert (tax(99), tax(99, True), tax(100, True)) == (19, 0, 20)
"""
UNTESTED = """
def shipping(price: int) -> int:
    return 0 if price > 50 else 5
"""


def changes(text: str) -> list[str]:
    return [mutant.change for mutant in mutants.mutants(text)]


def test_a_function_is_changed_in_each_small_way() -> None:
    assert changes(PLANTED) == [
        "tax: if abroad and price < 100: return 0 -> if True: return 0",
        "tax: if abroad and price < 100: return 0 -> if False: return 0",
        "tax: return price // 5 -> return",
        "tax: False -> True",
        "tax: abroad and price < 100 -> abroad or price < 100",
        "tax: abroad and price < 100 -> price < 100",
        "tax: abroad and price < 100 -> abroad",
        "tax: return 0 -> return",
        "tax: price < 100 -> price <= 100",
        "tax: 100 -> 101",
        "tax: 0 -> 1",
        "tax: price // 5 -> price * 5",
        "tax: 5 -> 6",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flush(file)", ["flush(file) -> pass"]),
        ("with lock:\n    work()", ["with lock: work() -> if True: work()", "work() -> pass"]),
        (
            "try:\n    a()\nexcept E:\n    b()\nfinally:\n    c()",
            [
                "try: a() except E: b() finally: c() -> try: a() finally: c()",
                "try: a() except E: b() finally: c() -> try: a() except E: b()",
                *("a() -> pass", "c() -> pass", "b() -> pass"),
            ],
        ),
        ("@contextmanager\ndef f():\n    yield a is b", ["f: a is b -> a is not b"]),
        ("raise Wrong('said', 1)", ["raise Wrong('said', 1) -> pass"]),
        ("def f(a: Literal['x']) -> int:\n    'Told.'\n    assert a is None", []),
        ("zip(a, b, strict=True)", ["zip(a, b, strict=True) -> pass"]),
        ("self.n += 1", ["self.n += 1 -> pass", "self.n += 1 -> self.n -= 1", "1 -> 2"]),
        ("while x:\n    x = f'{x}b'", ["while x: x = f'{x}b' -> while not x: x = f'{x}b'", "'b' -> 'xb'"]),
        ("x = [a for a in max(b) if a]", ["for a in max(b) if a -> for a in max(b)", "max -> min"]),
    ],
)
def test_these_are_the_changes_of_a_statement(text: str, expected: list[str]) -> None:
    assert changes(text) == expected


def test_a_change_is_one_change_of_the_text() -> None:
    text = "def f(a):\n    return a < 1 and a < 1"
    assert {mutant.change: mutant.text for mutant in mutants.mutants(text)} == {
        "f: return a < 1 and a < 1 -> return": "def f(a):\n    return",
        "f: a < 1 and a < 1 -> a < 1 or a < 1": "def f(a):\n    return a < 1 or a < 1",
        "f: a < 1 and a < 1 -> a < 1": "def f(a):\n    return a < 1",
        "f: a < 1 and a < 1 -> a < 1 (2)": "def f(a):\n    return a < 1",
        "f: a < 1 -> a <= 1": "def f(a):\n    return a <= 1 and a < 1",
        "f: a < 1 -> a <= 1 (2)": "def f(a):\n    return a < 1 and a <= 1",
        "f: 1 -> 2": "def f(a):\n    return a < 2 and a < 1",
        "f: 1 -> 2 (2)": "def f(a):\n    return a < 1 and a < 2",
    }


def test_a_statement_of_sql_is_changed_through_its_syntax() -> None:
    text = (
        "with adult as (select * from t where a <= :day and not b)"
        " select case when a = 1 then 'x' else '' end from adult"
    )
    found = {mutant.change: mutant.text.split() for mutant in sql_mutants.mutants(text, "spark")}
    assert sorted(found) == [
        "'' -> 'x'",
        "'x' -> 'xx'",
        "1 -> 2",
        "CASE WHEN a = 1 THEN 'x' ELSE '' END -> ''",
        "a = 1 -> a <> 1",
        "adult: NOT b -> b",
        "adult: a <= :day -> a < :day",
        "adult: a <= :day AND NOT b -> NOT b",
        "adult: a <= :day AND NOT b -> a <= :day",
        "adult: a <= :day AND NOT b -> a <= :day OR NOT b",
    ]
    assert " ".join(found["adult: a <= :day -> a < :day"]) == (
        "WITH adult AS ( SELECT * FROM t WHERE a < :day AND NOT b )"
        " SELECT CASE WHEN a = 1 THEN 'x' ELSE '' END FROM adult"
    )


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one module whose tests forget a function."""
    tree = tmp_path_factory.mktemp("project")
    (tree / "shop.py").write_text(PLANTED + UNTESTED)
    (tree / "test_shop.py").write_text(SHOP_TESTS)
    (tree / "test_broken.py").write_text("def test_it():\n    assert False")
    (tree / "proof").mkdir()
    for name in ("__init__.py", "forks.py"):
        copy(ROOT / "proof" / name, tree / "proof")
    copy(ROOT / "conftest.py", tree)
    (tree / "common" / "test").mkdir(parents=True)
    copy(ROOT / "common" / "test" / "browser.py", tree / "common" / "test")
    return tree


@pytest.fixture(scope="module")
def small(tree: Path) -> Iterator[list[Worker]]:
    with workers(tree, 1) as small:
        yield small


def test_what_tests_do_not_notice_survives_and_nothing_else(tree: Path, small: list[Worker]) -> None:
    told: list[str] = []
    planted = mutants_of("shop.py", tree)
    codes = ended(small, "shop.py", planted, ["test_shop.py"], told.append)
    assert [mutant.change for mutant, code in zip(planted, codes, strict=True) if code == 0] == [
        "shipping: return 0 if price > 50 else 5 -> return",
        "shipping: 0 if price > 50 else 5 -> 0",
        "shipping: 0 if price > 50 else 5 -> 5",
        "shipping: price > 50 -> price >= 50",
        "shipping: 0 -> 1",
        "shipping: 5 -> 6",
        "shipping: 50 -> 51",
    ]
    assert (len(told), told[0]) == (7, "shop.py:8: shipping: return 0 if price > 50 else 5 -> return")
    assert (tree / "shop.py").read_text() == PLANTED + UNTESTED


def test_tests_that_fail_anyway_tell_nothing(tree: Path, small: list[Worker]) -> None:
    with pytest.raises(FailAnyway, match=r"shop.py: its tests end with 1 before anything is changed: test_broken.py"):
        ended(small, "shop.py", [], ["test_broken.py"], print)


def test_a_change_that_never_ends_is_noticed(small: list[Worker]) -> None:
    with small[0].changed("shop.py", "while True:\n    pass"):
        assert small[0].run(["test_shop.py"], 1)[0] is None
    assert small[0].run(["test_shop.py"], 60)[0] == 0


def test_a_worker_that_is_killed_begins_again(small: list[Worker]) -> None:
    small[0].process.kill()
    small[0].process.wait()
    assert small[0].run(["test_shop.py"], 60)[0] == 0


def test_a_few_changes_of_the_project_are_noticed() -> None:
    module = "section1/core/batch.py"
    with workers(number=1) as idle:
        codes = ended(idle, module, mutants_of(module)[::9], TESTS[module], print)
    assert codes == [1] * 5


def test_a_low_score_and_an_untrue_reason_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proof.mutations.EQUIVALENTS", {("a.py", "1 -> 2"): "why", ("a.py", "2 -> 3"): "why"})
    low, good = Result("b.py", 100, 7, tuple("abcdefghijk")), Result("a.py", 11, 0, ("1 -> 2", "x"))
    assert wrongs([low, good]) == [
        "b.py: 89.0 % is below 90 %",
        "a.py: this is noticed, or is no change of it: 2 -> 3",
    ]
    assert report([low, good], 1).splitlines()[2:7] == [
        "| module | mutants | caught | of them endless | equivalent |  score |",
        "| ------ | ------: | -----: | --------------: | ---------: | -----: |",
        "| `b.py` |     100 |     89 |               7 |          0 | 89.0 % |",
        "| `a.py` |      11 |      9 |               0 |          1 | 90.0 % |",
        "| all    |     111 |     98 |               7 |          1 | 89.1 % |",
    ]
