"""The rule between rooms, where heavy libraries may live, and how long things may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_USE: dict[str, set[str]] = {
    "nlu": set(),
    "matching": set(),
    "storage": {"matching.model"},
    "dialogs": {"nlu", "matching"},
    "alerts": {"dialogs", "matching", "storage"},
    "bot": {"alerts", "dialogs", "matching", "nlu", "storage"},
}
LIVES_IN: dict[str, tuple[str, ...]] = {
    "telegram": ("bot.channels",),
    "rasa_sdk": ("dialogs",),
    "sqlalchemy": ("storage",),
    "alembic": ("storage",),
    "redis": ("storage",),
    "aiohttp": ("bot", "matching"),
    "sklearn": ("tools", "tests"),
}
ROOMS = sorted(room for room in MAY_USE if (ROOT / room).is_dir())
MOST_LINES = 400
MOST_LINES_OF_A_FUNCTION = 60


@cache
def committed() -> tuple[Path, ...]:
    """What git holds, or would: files that nothing ignores."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = (ROOT / name for name in sorted(set(listed.stdout.splitlines())))
    return tuple(file for file in files if file.is_file())


@cache
def trees() -> dict[str, ast.Module]:
    """The syntax tree of every module, by its dotted name."""
    files = [file for file in committed() if file.suffix == ".py"]
    return {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            file.read_text(encoding="utf-8"), file
        )
        for file in files
    }


@cache
def imported(module: str) -> tuple[str, ...]:
    """All that it imports, wherever in its text."""
    return tuple(imports(trees()[module]))


def imports(tree: ast.Module) -> Iterator[str]:
    """Full dotted names, « from matching import model » giving « matching.model »."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"relative import, line {node.lineno}"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def forbidden(module: str, names: Iterable[str]) -> Iterator[str]:
    """The imports of a module that the rule between rooms does not allow."""
    room = module.partition(".")[0]
    for name in names:
        other = name.partition(".")[0]
        if room in MAY_USE and other in MAY_USE and other != room:
            if not any(inside(name, allowed) for allowed in MAY_USE[room]):
                yield f"{module} imports {name}"
        elif other in {"tests", "tools", "benchmarks"} and room in MAY_USE:
            yield f"{module} imports {name}"


def misplaced(module: str, names: Iterable[str]) -> Iterator[str]:
    """The heavy libraries a module of a room uses though they live elsewhere."""
    for name in names:
        homes = LIVES_IN.get(name.partition(".")[0])
        if homes and not any(inside(module, home) for home in homes):
            yield f"{module} imports {name}"


def test_rooms_only_use_the_rooms_below_them() -> None:
    assert [p for module in trees() for p in forbidden(module, imported(module))] == []


def test_heavy_libraries_stay_in_their_room() -> None:
    rooms = [module for module in trees() if module.partition(".")[0] in MAY_USE]
    assert [p for module in rooms for p in misplaced(module, imported(module))] == []


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("nlu.places", "matching.model"),
        ("storage.offers", "matching.catalogue"),
        ("dialogs.rules", "storage.searches"),
        ("matching.catalogue", "bot.config"),
        ("alerts.push", "nlu.text"),
        ("bot.turn", "tests.servers"),
    ],
)
def test_the_rule_sees_what_it_forbids(module: str, name: str) -> None:
    assert list(forbidden(module, iter([name])))


def test_the_rule_sees_a_library_out_of_place() -> None:
    assert list(misplaced("bot.turn", iter(["telegram.Bot"])))
    assert not list(misplaced("bot.channels.telegram", iter(["telegram.Bot"])))


def test_modules_make_no_circle() -> None:
    """Following imports at module level never leads back: only those decide the loading order."""
    graph = {
        module: {
            known
            for name in imports(ast.Module([n for n in tree.body if _loads(n)], []))
            for known in (name, name.rpartition(".")[0])
            if known in trees() and known != module
        }
        for module, tree in trees().items()
    }
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path, module))
        if module not in done:
            for other in sorted(graph[module]):
                visit(other, (*path, module))
            done.add(module)

    for module in sorted(graph):
        visit(module, ())


def _loads(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def test_every_module_opens_with_a_caption() -> None:
    assert [m for m, tree in trees().items() if not ast.get_docstring(tree)] == []


def test_files_are_short_or_say_why() -> None:
    too_long = []
    for file in (f for f in committed() if f.suffix == ".py"):
        text = file.read_text(encoding="utf-8")
        if len(text.splitlines()) <= MOST_LINES:
            continue
        if "lines" not in (ast.get_docstring(ast.parse(text)) or ""):
            too_long.append(f"{file.relative_to(ROOT)}: {len(text.splitlines())} lines")
    assert too_long == []


def test_functions_are_short() -> None:
    functions = (
        (module, node)
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    too_long = [
        f"{module}.{node.name}: {length} lines"
        for module, node in functions
        if (length := (node.end_lineno or 0) - node.lineno + 1) > MOST_LINES_OF_A_FUNCTION
    ]
    assert too_long == []


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        module
        for module, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        if module.partition(".")[0] in MAY_USE
    }
    assert readers <= {"bot.config"}


_IMPORT_ALL = """
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen"}:
        raise SystemExit(f"importing {module}: {event} {arguments}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        raise SystemExit(f"importing {module} writes {arguments[0]}")

sys.dont_write_bytecode = True
sys.addaudithook(refuse)
for module in sys.argv[1:]:
    __import__(module)
"""


def test_importing_the_rooms_does_nothing_else() -> None:
    """No connection, no program started, no file written."""
    modules = [m for m in trees() if m.partition(".")[0] in MAY_USE and ".migrations." not in m]
    command = [sys.executable, "-c", _IMPORT_ALL, *modules]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_nothing_committed_names_where_it_was_made() -> None:
    """No address of a package registry, no folder of the machine it is on.

    The hosts are written in halves, for this file is committed as well.
    """
    hosts = [
        ("pypi", ".org"), ("pythonhosted", ".org"), ("npmjs", ".org"), ("npmjs", ".com"),
        ("docker", ".io"), ("ghcr", ".io"), ("quay", ".io"),
    ]  # fmt: skip
    # A clone at the top of the disk (/app, /src) has a name that means something elsewhere.
    own = [ROOT] if len(ROOT.parts) > 2 else []
    folders = {f"{folder}/" for folder in (Path.home(), *own) if folder.parts[1:]}
    names = {f"{left}{right}" for left, right in hosts} | folders
    told = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in committed()
        for name in names
        if name.encode() in file.read_bytes()
    ]
    assert told == []
