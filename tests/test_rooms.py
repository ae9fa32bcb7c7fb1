"""Who may import whom, kept as a table; and what may be imported without streamlit, and without torch."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]

# A room may import itself, the ground, and the rooms it names here.
# "" is rsviz itself, for its version.
GROUND = {"", "errors", "files", "norms", "lazy", "generators", "records"}
STATISTICS = {"bounds", "noise", "confidence", "models", "execution", "voting"}
MATERIALS = {"data", "checkpoints"}
ROOMS = {
    "errors": set(),
    "files": set(),
    "norms": set(),
    "lazy": set(),
    "generators": set(),
    "records": set(),
    "programs": set(),  # settings of a whole process
    "bounds": set(),
    "confidence": set(),
    "noise": set(),
    "models": set(),
    "execution": set(),
    "voting": {"noise", "execution"},
    "reference": {"bounds", "confidence", "comparison"},  # errata are shown by computing them
    "data": set(),
    "checkpoints": {"models", "data", "noise"},
    "comparison": {"bounds", "confidence", "noise"},
    "simulation": {"bounds", "confidence", "noise", "smoothing"},
    "plane": {"bounds", "noise", "confidence"},  # exact smoothing in two dimensions
    "noise_size": {"bounds", "noise"},  # what neither knows alone: which noise a radius takes
    "smoothing": STATISTICS,
    "attacks": STATISTICS | {"smoothing"},
    "training": STATISTICS | MATERIALS | {"smoothing", "plane"},
    "distributional": STATISTICS | MATERIALS | {"smoothing"},
    "evaluation": STATISTICS | MATERIALS | {"smoothing", "programs"},  # it starts processes of its own
    "tasks": STATISTICS
    | MATERIALS
    | {"smoothing", "attacks", "evaluation", "training", "distributional"}  # and the engines of its tasks
    | {"reference"},  # printed numbers stand beside computed ones
    "lessons": STATISTICS
    | MATERIALS
    | {
        "figures",
        "plane",
        "reference",
        "smoothing",
        "tasks",
        "evaluation",
        "comparison",
        "simulation",
        "noise_size",
    },  # what they show
    "figures": {"bounds", "confidence", "data", "noise", "plane"},  # arrays; limits, titles, PNG of them
}
RUNNERS = {"tasks", "attacks", "training", "distributional", "evaluation"}
ROOMS["jobs"] = RUNNERS | MATERIALS | {"smoothing", "execution", "programs"}
LIBRARY = set(ROOMS)
ROOMS["ui"] = LIBRARY
ROOMS["cli"] = LIBRARY
ROOMS["__main__"] = {"cli", "programs"}
ROOMS["pages"] = LIBRARY | {"ui"}
ROOMS["app"] = {"ui"}

# Which rooms alone may import a library, and which may import nothing else (the standard library aside).
ONLY_IN = {
    "streamlit": {"ui", "pages", "app"},
    "click": {"cli"},
    "altair": set(),  # figures are plain Vega-Lite
    "plotly": {"figures", "ui", "pages"},
    "torch": {
        "norms",
        "models",
        "noise",
        "execution",
        "voting",
        "smoothing",
        "checkpoints",
        "data",
    }
    | {"attacks", "training", "distributional", "evaluation", "jobs", "tasks"},
}
ONLY_THESE = {"bounds": {"numpy", "scipy"}, "confidence": {"numpy", "scipy", "statsmodels"}}

WITHOUT_TORCH = [
    "attacks",
    "bounds",
    "confidence",
    "noise",
    "norms",
    "data",
    "data.images",
    "checkpoints",
    "smoothing",
    "tasks",
    "jobs",
    "cli",
    "evaluation",
    "distributional",
    "plane",
    "plane.networks",
]

IMPORT_WITHOUT = """
import importlib, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"{name} is hidden by this test", name=name)

sys.meta_path.insert(0, Missing())
for module in sys.argv[2:]:
    importlib.import_module(module)
"""


def sources():
    yield from (CHECKOUT / "rsviz").rglob("*.py")
    yield from (CHECKOUT / "pages").glob("*.py")
    yield from CHECKOUT.glob("app.py")


def room_of(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    if parts[0] != "rsviz":
        return parts[0]
    return "" if parts == ("rsviz", "__init__") else parts[1]


def module_of(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@functools.cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@functools.cache
def imported(path: Path) -> set[str]:
    """Every dotted name that the file imports, wherever in it; relative ones made absolute."""
    names = set()
    package = module_of(path).split(".") if path.name == "__init__.py" else module_of(path).split(".")[:-1]
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, [base, node.module]))
            names.update(f"{source}.{alias.name}" for alias in node.names)
    return names


def rooms_imported(path: Path) -> set[str]:
    """The rooms of rsviz that the file imports; rsviz itself, for names that are no room, is ""."""
    rooms = set()
    for name in imported(path):
        first, *rest = name.split(".")
        if first == "rsviz":
            rooms.add(rest[0] if rest and is_room(rest[0]) else "")
    return rooms


def is_room(name: str) -> bool:
    return (CHECKOUT / "rsviz" / name).is_dir() or (CHECKOUT / "rsviz" / f"{name}.py").is_file()


def libraries_imported(path: Path) -> set[str]:
    return (
        {name.split(".")[0] for name in imported(path) | lazily_imported(path)}
        - sys.stdlib_module_names
        - {"rsviz"}
    )


@functools.cache
def lazily_imported(path: Path) -> set[str]:
    """Every name that the file gives to rsviz.lazy.lazy."""
    return {
        node.args[0].value
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "lazy"
    }


def library_modules() -> list[str]:
    found = [path for path in (CHECKOUT / "rsviz").rglob("*.py") if room_of(path) not in ("ui", "__main__")]
    return sorted(module_of(path) for path in found)


def test_every_room_has_a_line_in_the_table():
    assert {room_of(path) for path in sources()} - {""} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_room_imports_only_what_it_may_stand_on(room):
    trespasses = {
        f"{path.relative_to(CHECKOUT)} imports {other}"
        for path in sources()
        if room_of(path) == room
        for other in rooms_imported(path) - ROOMS[room] - GROUND - {room}
    }
    assert trespasses == set()


def test_no_circle_among_the_rooms():
    visited, open_rooms = set(), []

    def visit(room):
        assert room not in open_rooms, f"{' -> '.join(open_rooms)} -> {room}"
        if room not in visited:
            open_rooms.append(room)
            for other in ROOMS[room]:
                visit(other)
            open_rooms.pop()
            visited.add(room)

    for room in ROOMS:
        visit(room)


@pytest.mark.parametrize("library", ONLY_IN)
def test_library_is_imported_only_where_it_belongs(library):
    importers = {room_of(path) for path in sources() if library in libraries_imported(path)}
    assert importers <= ONLY_IN[library]


@pytest.mark.parametrize("room", ONLY_THESE)
def test_room_needs_no_further_library(room):
    libraries = set().union(*(libraries_imported(path) for path in sources() if room_of(path) == room))
    assert libraries <= ONLY_THESE[room]


def test_the_library_imports_without_streamlit():
    modules = library_modules()
    assert "rsviz.smoothing" in modules
    assert import_without("streamlit", *modules) == ""


def test_what_the_app_needs_at_once_imports_without_torch():
    assert import_without("torch", *(f"rsviz.{room}" for room in WITHOUT_TORCH)) == ""


def test_hidden_library_cannot_be_imported():
    assert "streamlit is hidden" in import_without("streamlit", "streamlit")


def import_without(library, *modules) -> str:
    """What goes wrong when the modules are imported in a process that has no such library; "" if nothing."""
    command = [sys.executable, "-c", IMPORT_WITHOUT, library, *modules]
    return subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=120).stderr
