"""The directions of import that must never exist, read from the source."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("zoo", "training", "export", "cli", "benchmarks", "tests")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
FOREIGN_RUNTIMES = {"onnx", "tf2onnx", "onnxruntime", "onnxconverter_common", "ai_edge_litert"}
MACHINERY = {"_base", "_registry", "_load", "specs", "layers", "losses", "features", "optimizers", "common"}


def imports(file: Path, top_level_only: bool = False) -> set[str]:
    """The modules that a file imports, by the folder they lie in; `from a import b` counts as `a` and `a.b`."""
    tree = ast.parse(file.read_text())
    found = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {re.sub(r"^zoo\.(training|export|cli)\b", r"\1", module) for module in found}


def top(modules: set[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


def place(file: Path) -> tuple[str, ...]:
    return file.relative_to(ROOT).with_suffix("").parts


def families() -> set[str]:
    """Every module of zoo/ that is a family: those without an underscore that are not rooms of their own."""
    names = {place(file)[1] for file in SOURCES if place(file)[0] == "zoo"}
    return {name for name in names if name not in MACHINERY and not name.startswith("_")}


def test_the_rule_finds_the_families():
    assert "fast_style" in families()
    assert not families() & MACHINERY


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports_go_one_way(file):
    package, *rest = place(file)
    modules = imports(file)
    if package == "zoo":
        assert not top(modules) & {"training", "export", "cli", "argparse", "logging"}
        assert "tensorflow" not in top(imports(file, top_level_only=True))
        zoo = {module.split(".")[1] for module in modules if module.startswith("zoo.")}
        if rest[0] in ("layers", "losses"):
            assert not zoo & (families() | {"_base", "_registry", "_load"})
        if rest[0] == "common":
            assert not zoo - {"common"}
            assert not top(modules) & {"keras", "tensorflow", "click", "skimage", "scipy"}
        if rest[0] == "layers":
            assert "losses" not in zoo
        if rest[0] in families():
            assert not zoo & (families() - {rest[0]})
    if package == "training":
        assert not top(modules) & {"export", "cli"}
    if package == "export":
        assert not top(modules) & {"training", "cli"}
    if package not in ("export", "tests", "benchmarks"):
        assert not top(modules) & FOREIGN_RUNTIMES
    assert not {module for module in modules if module.startswith("keras.src")}


def test_only_one_room_locks_flushes_renames_and_silences():
    """Somebody who does so elsewhere writes a second writer, which follows links or leaves something behind."""
    words = {"fcntl", "fsync", "dup2", "flock", "rename", "NamedTemporaryFile"}
    waits = "export/serving/releases.py"  # still copies a release beside its place by itself
    for file in SOURCES:
        if place(file)[0] in ("zoo", "training", "export", "cli") and place(file)[:2] != ("zoo", "common"):
            tree = ast.walk(ast.parse(file.read_text()))
            used = {node.attr for node in tree if isinstance(node, ast.Attribute)} | imports(file)
            assert str(file.relative_to(ROOT)) == waits or not used & words, file


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_branch_on_a_model_name(file):
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name):
            assert node.left.id not in ("model_name", "family_name"), f"line {node.lineno}"


def test_every_package_is_listed():
    text = (ROOT / "setup.cfg").read_text()
    for package in PACKAGES[:4]:
        for folder in {file.parent for file in (ROOT / package).rglob("*.py")}:
            name = ".".join(folder.relative_to(ROOT).parts)
            assert f"\n    {name if package == 'zoo' else f'zoo.{name}'}\n" in text
