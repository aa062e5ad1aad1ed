"""What no module does: raw SQL outside the models, printing, notes for later, logging more than plain values."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.files import ROOT, all_files, python_files

DOUBLES = ("app/emulators", "app/demo_tenant", "app/run")
RAW_NAMES = {"text", "literal_column", "table", "column", "make_transient", "make_transient_to_detached", "bindparam"}
RAW_CALLS = {
    "connection",
    "connect",
    "raw_connection",
    "exec_driver_sql",
    "from_statement",
    "query",
    "merge",
    "bulk_insert_mappings",
    "bulk_save_objects",
    "bulk_update_mappings",
}
# They speak to whoever started them in a terminal.
MAY_PRINT = ("app/run/",)
LOG_CALLS = {"debug", "info", "warning", "error", "exception", "critical", "log"}
NOTES = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
# Where this was made is nobody's business: machine paths and the names of package mirrors.
PLACES = re.compile(
    r"(^|[\s\"'(=:])/(work|root|home/\w+|tmp/\w+)/|\.\./shared|https?://[\w.-]*(mirror|artifact|nexus|pypi-)", re.I
)
REGISTRIES = re.compile(r"--index-url|--extra-index-url|\bregistry=http", re.IGNORECASE)
BINARY = (".png", ".jpg", ".gif", ".ico", ".woff2", ".mo", ".gz", ".br", ".db")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _product() -> list[Path]:
    return [path for path in python_files("app", "config") if not _name(path).startswith(DOUBLES)]


def _nodes(path: Path) -> Iterator[ast.AST]:
    yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def _raw_sql(path: Path) -> Iterator[str]:
    for node in _nodes(path):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy"):
            yield from (f"{_name(path)}: {alias.name}" for alias in node.names if alias.name in RAW_NAMES)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in RAW_CALLS:
            yield f"{_name(path)}:{node.lineno}: .{node.func.attr}()"


def test_raw_sql_stays_in_the_models() -> None:
    outside = [path for path in _product() if not _name(path).startswith("app/models/")]
    assert [found for path in outside for found in _raw_sql(path)] == []
    inside = [path for path in _product() if _name(path).startswith("app/models/")]
    assert [found for path in inside for found in _raw_sql(path)] != []


def test_no_session_is_made_by_hand() -> None:
    for path in _product():
        if _name(path).startswith("app/models/"):
            continue
        for node in _nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"Session", "sessionmaker", "create_engine"}, f"{_name(path)}:{node.lineno}"


def test_nothing_prints() -> None:
    for path in python_files("app", "config"):
        if _name(path).startswith(MAY_PRINT):
            continue
        for node in _nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"print", "breakpoint", "pprint"}, f"{_name(path)}:{node.lineno}"


def test_nothing_is_left_for_another_day() -> None:
    mine = ROOT / "tests" / "house"
    for path in all_files():
        if path.suffix in BINARY or path.is_relative_to(mine) or path.name == "package-lock.json":
            continue
        found = NOTES.search(path.read_text(encoding="utf-8"))
        assert found is None, f"{_name(path)}: {found and found[0]}"


def test_no_file_says_where_it_was_made() -> None:
    mine = ROOT / "tests" / "house"
    for path in all_files():
        if path.suffix in BINARY or path.is_relative_to(mine):
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in (PLACES, REGISTRIES):
            found = pattern.search(text)
            assert found is None, f"{_name(path)}: {found and found[0]}"
        if path.name == "package-lock.json":
            hosts = set(re.findall(r'"resolved": "https?://([^/"]+)', text))
            assert not hosts, f"the lock file names hosts: {hosts}"


def _plain(node: ast.expr) -> bool:
    """Whether it is a constant, a type's name, a described fault, or an id or a word of ours."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {"describe", "len", "round", "int"}
    return isinstance(node, ast.Attribute) and node.attr in PLAIN_ATTRIBUTES


# Ids, words of ours and numbers.
PLAIN_ATTRIBUTES = {"__name__", "id", "kind", "provider", "operation", "outcome", "seconds"}


def test_log_lines_hold_plain_values_alone() -> None:
    seen = 0
    for path in _product():
        for node in _nodes(path):
            if not (
                isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LOG_CALLS
            ):
                continue
            if not (isinstance(node.func.value, ast.Name) and node.func.value.id in {"log", "logger"}):
                continue
            seen += 1
            where = f"{_name(path)}:{node.lineno}"
            assert node.args and isinstance(node.args[0], ast.Constant), f"{where}: the message is put together"
            assert all(_plain(argument) for argument in node.args[1:]), f"{where}: {ast.unparse(node)}"
            assert not node.keywords, f"{where}: exc_info and extra quote what was at hand"
            assert node.func.attr != "exception", f"{where}: a traceback quotes its data"
    assert seen >= 4


def test_only_the_log_module_reaches_for_the_root_logger() -> None:
    for path in _product():
        for node in _nodes(path):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "logging":
                allowed = {"getLogger"} if path.name != "logs.py" else {node.attr}
                assert node.attr in allowed, f"{_name(path)}:{node.lineno}: logging.{node.attr}"
