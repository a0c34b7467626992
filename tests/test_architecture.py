"""The directions of import that must never exist, read from the source."""

import ast
import graphlib
import importlib
import re
from pathlib import Path

import pytest

from zoo import roles
from zoo.export.serving import client

ROOT = Path(__file__).parent.parent
PACKAGES = ("zoo", "training", "export", "cli", "benchmarks", "tests")
SOURCES = sorted(file for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
FOREIGN_RUNTIMES = {"onnx", "tf2onnx", "onnxruntime", "onnxconverter_common", "ai_edge_litert"}
MACHINERY = {"_base", "_registry", "_load", "roles", "specs", "layers", "losses", "features", "optimizers", "testing", "common"}


def imports(file: Path, top_level_only: bool = False) -> set[str]:
    """The modules that a file imports, by the folder they lie in; `from a import b` counts as `a` and `a.b`."""
    tree = ast.parse(file.read_text())
    modules = set()
    for node in tree.body if top_level_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {re.sub(r"^zoo\.(training|export|cli)\b", r"\1", module) for module in modules}


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
        # zoo.testing looks at a family from every room, as the command line does.
        assert rest[0] == "testing" or not top(modules) & {"training", "export", "cli", "argparse", "logging"}
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


@pytest.mark.parametrize("package", PACKAGES)
def test_no_modules_import_one_another_in_a_circle(package):
    """Not inside functions either, where a circle shows only when it is run."""
    files = {".".join(place(file)).removesuffix(".__init__"): file for file in SOURCES if place(file)[0] == package}
    graph = {module: imports(file) & files.keys() for module, file in files.items()}
    for module, imported in graph.items():  # `from package import module`, inside the package, is no import of its __init__
        imported -= {module, *(package for package in files if module.startswith(f"{package}."))}
    graphlib.TopologicalSorter(graph).prepare()  # CycleError names the circle


# Outside zoo/ recipes may name a family, and so may the default of what paints a picture.
NAMES_A_FAMILY = {"training/optimise.py"}
INPUTS = {"style_weights", "strength", "truncation", "output_image", "mask", "latent", "label"}
# Keys of a batch (`batch_spec`), of tf.train.Example and of a scene's .json are spelt like inputs, and are none.
OTHER_NAMES = {
    "cli/compose.py": {"mask"},
    "cli/inputs.py": {"strength", "mask"},
    "cli/sample.py": {"truncation", "label"},
    "export/credentials.py": {"label"},
    "export/page.py": {"mask", "latent"},
    "export/phone_code.py": {"mask", "latent"},
    "export/serving/client.py": {"mask", "latent"},
    "export/serving/releases.py": {"label"},
    "export/serving/rest.py": {"label"},
    "cli/release.py": {"label"},
}


def literals(file: Path) -> set[str]:
    """The strings of a source file, without docstrings."""
    tree = ast.parse(file.read_text())
    documentation = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body and isinstance(node.body[0], ast.Expr)
    }
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in documentation)
    return {node.value for node in constants if isinstance(node.value, str)}


OUTSIDE = [file for file in SOURCES if place(file)[0] in ("training", "export", "cli")]


@pytest.mark.parametrize("file", OUTSIDE, ids=lambda file: str(file.relative_to(ROOT)))
def test_nothing_outside_zoo_knows_a_family_or_an_input_by_name(file):
    name = str(file.relative_to(ROOT))
    if place(file)[:2] != ("training", "recipes") and name not in NAMES_A_FAMILY:
        assert not literals(file) & families(), "ask the model (its class attributes, its roles) instead"
    if place(file)[0] in ("export", "cli"):
        assert not literals(file) & (INPUTS - OTHER_NAMES.get(name, set())), "give the role a row in this room's table instead"


def test_the_rule_sees_a_name(tmp_path):
    file = tmp_path / "branch.py"
    lines = ["def f(model):", '    """cgan"""', '    if model.name == "fast_style" or "strength" in model.input:', "        pass"]
    file.write_text("\n".join(lines))
    assert literals(file) == {"fast_style", "strength"}


# The tables keyed by roles: a new role needs a row in each, for outputs in none. What only some roles have is not among them.
TABLES = {
    "zoo.export.signature": "EXAMPLES",
    "zoo.export.model_card": "EXAMPLES",
    "zoo.export.phone_code": "KINDS",
    "zoo.export.hub": "COMPONENTS",
    "zoo.export.page": "CONTROLS",
    "zoo.cli.inputs": "VALUES",
    "zoo.cli.sample": "DRAWS",
}


@pytest.mark.parametrize("module", TABLES)
def test_every_role_has_a_row_in_every_room(module):
    table = getattr(importlib.import_module(module), TABLES[module])
    assert set(table) == set(roles.ROLES) - {roles.Result}, f"give every role a row in {module}.{TABLES[module]}"


def test_every_role_has_a_row_in_the_client_and_the_page():
    kinds = {role.kind for role in roles.ROLES} - {"result"}
    asked_over_grpc_alone = {"layers", "frames", "values"}
    assert set(client.ARGUMENTS) == kinds - asked_over_grpc_alone
    controls = (ROOT / "export/templates/page/controls.js").read_text()
    kinds_of_controls = {*re.findall(r'"(\w+)", main|"kind": "(\w+)"', (ROOT / "export/page.py").read_text())}
    for pair in kinds_of_controls:
        assert re.search(rf"^  {''.join(pair)}[(:]", controls, re.MULTILINE), pair


def test_only_one_room_locks_flushes_renames_and_silences():
    """Somebody who does so elsewhere writes a second writer, which follows links or leaves something behind."""
    words = {"fcntl", "fsync", "dup2", "flock", "rename", "NamedTemporaryFile"}
    for file in SOURCES:
        if place(file)[0] in ("zoo", "training", "export", "cli") and place(file)[:2] != ("zoo", "common"):
            tree = ast.walk(ast.parse(file.read_text()))
            used = {node.attr for node in tree if isinstance(node, ast.Attribute)} | imports(file)
            assert not used & words, file


def test_nothing_reaches_the_terminal_as_others_wrote_it():
    """What a command prints is constant, or JSON, or goes through `printable`: names of files can hold what terminals obey."""
    for file in (ROOT / "cli").glob("*.py"):
        calls = [node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
        for call in calls:
            if ast.unparse(call.func) in ("click.echo", "click.secho", "print"):
                text = call.args[0]
                way = ast.unparse(text.func) if isinstance(text, ast.Call) else type(text).__name__
                assert way in ("Constant", "json.dumps", "printable"), f"{file}, line {call.lineno}: printable(...) is missing"


def test_every_package_is_listed():
    text = (ROOT / "setup.cfg").read_text()
    for package in PACKAGES[:4]:
        for folder in {file.parent for file in (ROOT / package).rglob("*.py")}:
            name = ".".join(folder.relative_to(ROOT).parts)
            assert f"\n    {name if package == 'zoo' else f'zoo.{name}'}\n" in text
