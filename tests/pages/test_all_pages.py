"""Every page is in the navigation, opens without a fault, has one title, and holds no logic."""

import ast

import pytest

from rsviz.ui import shell, widgets
from tests.pages.conftest import CHECKOUT

FILES = sorted((CHECKOUT / "pages").glob("*.py"))
ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
COLLECTIONS = (ast.JoinedStr, ast.List, ast.ListComp, ast.Set)


def test_every_file_is_in_the_navigation_and_every_entry_has_a_file():
    assert sorted(page.key for page in shell.PAGES) == [path.stem for path in FILES]


@pytest.mark.parametrize("page", shell.PAGES, ids=lambda page: page.key)
def test_a_page_opens_without_a_fault_and_has_one_title(page, first_drawn):
    opens_with_one_title(first_drawn(page.key), page)


def opens_with_one_title(app, page):
    assert not app.exception
    assert not app.error
    assert len(app.title) == 1
    assert page.title and page.says.endswith(".")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_page_is_short_and_holds_no_arithmetic(path):
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") < 120
    assert arithmetic(ast.parse(source)) == []


def arithmetic(tree) -> list[str]:
    """Operations on numbers; + and * that join texts and lists are none."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.BinOp | ast.AugAssign)]
    return [ast.unparse(node) for node in found if isinstance(node.op, ARITHMETIC) and not joins(node)]


def joins(node) -> bool:
    sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.value]
    return any(
        isinstance(side, COLLECTIONS) or (isinstance(side, ast.Constant) and isinstance(side.value, str))
        for side in sides
    )


def test_the_controls_of_the_pages_keep_what_was_set_until_they_are_drawn():
    kept = {name for name, value in vars(widgets).items() if callable(value) and not name.startswith("_")}
    files = [*FILES, *(CHECKOUT / "rsviz/ui").rglob("*.py")]
    direct = {
        path.relative_to(CHECKOUT).as_posix()
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in kept
    }
    assert direct == {"rsviz/ui/imports.py"}  # a form that is empty when it is opened again


def test_arithmetic_is_found():
    assert arithmetic(ast.parse("a = b / 2")) == ["b / 2"]
    assert arithmetic(ast.parse("a = 'x' + f'{y}'\nz = [1] + q\n")) == []
