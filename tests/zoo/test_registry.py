"""Families of other packages: found by their entry points; a bad one is named and the rest works."""

import json
import sys

import pytest

import zoo
from tests.cli.in_process import run
from zoo import _registry
from zoo._registry import families, family, names

FAMILY = """
import zoo
from zoo.denoiser import Denoiser

@zoo.register({name!r})
class Other(Denoiser):
    pass
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a package of one module, whose entry points are given, where Python finds it; forgets it afterwards."""
    families()  # ours, which stay imported, stay registered
    monkeypatch.setattr(_registry, "_FAMILIES", dict(_registry._FAMILIES))
    modules = set(sys.modules)

    def installed(package, code, *names):
        folder = tmp_path / package
        (folder / f"{package}-1.0.dist-info").mkdir(parents=True)
        (folder / f"{package}.py").write_text(code)
        (folder / f"{package}-1.0.dist-info" / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        points = "".join(f"{name} = {package}:Other\n" for name in names)
        (folder / f"{package}-1.0.dist-info" / "entry_points.txt").write_text(f"[keras_image_zoo.families]\n{points}")
        monkeypatch.syspath_prepend(folder)
        _registry._others.cache_clear()

    yield installed
    for module in set(sys.modules) - modules:
        if module.startswith("other_"):
            del sys.modules[module]
    monkeypatch.undo()
    _registry._others.cache_clear()


def test_a_family_of_another_package_is_found_without_being_imported(install):
    install("other_one", FAMILY.format(name="other"), "other")
    assert "other" in names() and "other_one" not in sys.modules
    assert zoo.create("other", preset="tiny").width == 4
    with pytest.raises(ValueError, match="did you mean 'other'"):
        zoo.create("othre")


def test_two_packages_with_one_name(install):
    install("other_one", FAMILY.format(name="other"), "other")
    install("other_two", FAMILY.format(name="other"), "other")
    with pytest.raises(ValueError, match=r"'other' is given by other_(one|two) and by other_(one|two); uninstall one of them"):
        family("other")
    assert family("denoiser").__name__ == "Denoiser"
    with pytest.warns(UserWarning, match="uninstall one of them"):
        assert "other" not in families()


def test_a_package_with_a_name_of_the_zoo(install):
    install("other_one", FAMILY.format(name="denoiser"), "denoiser")
    with pytest.raises(ValueError, match="'denoiser' is given by the zoo and by other_one"):
        family("denoiser")
    assert family("gan").__name__ == "GAN"


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("import nothing_like_it", r"'other' of other_one cannot be imported \(ModuleNotFoundError: No module named"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("class Another: pass", "cannot be imported"),
        (FAMILY.format(name="another"), r"is not registered as 'other': decorate it with @zoo\.register\('other'\)"),
    ],
)
def test_one_that_cannot_be_had_is_named_and_the_rest_works(install, capfd, code, line):
    install("other_one", code, "other")
    with pytest.raises(ValueError, match=line) as error:
        zoo.create("other")
    assert "\n" not in str(error.value)
    assert run("train", "other", "--data", "samples:", "--out", "nowhere") == 2
    assert zoo.create("denoiser", preset="tiny").width == 4
    capfd.readouterr()
    assert run("list", "--json") == 0
    output = capfd.readouterr()
    assert "other is left out" in output.err and "other_one" in output.err
    assert {"denoiser", "gan"} < {row["name"] for row in json.loads(output.out)}


def test_a_name_is_registered_once(monkeypatch):
    family("denoiser")
    monkeypatch.setattr(_registry, "_FAMILIES", dict(_registry._FAMILIES))
    with pytest.raises(ValueError, match=r"the name 'denoiser' is taken by zoo\.denoiser\.Denoiser; register .* under another"):
        zoo.register("denoiser")(type("Another", (zoo.ImageModel,), {}))
