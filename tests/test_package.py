"""What is installed: one importable name, beside whatever a user calls his own modules."""

import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this tree, made from a copy of it, since a build leaves folders behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("zoo", "training", "export", "cli"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(out), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return next(out.glob("*.whl"))


def test_the_only_importable_name_is_zoo(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {"zoo"}
    for name in (
        "zoo/py.typed",
        "zoo/__init__.pyi",
        "zoo/training/run.py",
        "zoo/export/templates/report.html",
        "zoo/export/templates/page/app.js",
        "zoo/export/templates/serving/engine.js",
        "zoo/export/templates/web/engine.js",
        "zoo/cli/main.py",
    ):
        assert name in names
    assert "zoo/weights/fast_style/painters.keras" in names


def test_an_index_shows_no_picture_and_no_link_that_leads_nowhere(wheel):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
    assert "\n# keras-image-zoo\n" in metadata and "Description-Content-Type: text/markdown" in metadata
    assert "docs/performance.md" in metadata and "![" not in metadata
    assert not [target for target in re.findall(r"\]\(([^)]*)\)", metadata) if not target.startswith("https://")]


def test_modules_of_a_user_and_ours_stand_beside_one_another(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "training").mkdir()
    (tmp_path / "training/__init__.py").write_text("mine = True\n")
    for name in ("export.py", "cli.py"):
        (tmp_path / name).write_text("mine = True\n")
    code = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/site"]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in getattr(finder, "__module__", "")]
import cli, export, training
import zoo, zoo.cli.main, zoo.export.manifest, zoo.training.pictures
assert cli.mine and export.mine and training.mine
print(zoo.__version__, zoo.training.pictures.__file__)
"""
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    version, file = done.stdout.split()
    assert version == zipfile.Path(wheel).root.filename.split("/")[-1].split("-")[1]
    assert Path(file) == tmp_path / "site/zoo/training/pictures.py"


def test_importing_zoo_loads_no_keras():
    code = "import sys, zoo; sys.exit(bool({'keras', 'tensorflow', 'numpy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0
