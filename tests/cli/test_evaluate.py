"""`zoo evaluate`: figures of a model, and bad input."""

import json

import pytest

import zoo
from tests.cli.in_process import run


def test_figures_as_a_table_and_as_json(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    zoo.create("denoiser", preset="tiny").save("model.keras")
    assert run("evaluate", "model.keras", "--data", "samples:", "-n", "8") == 0
    table = dict(line.split() for line in capfd.readouterr().out.splitlines())
    assert run("evaluate", "model.keras", "--data", "samples:", "-n", "8", "--json") == 0
    figures = json.loads(capfd.readouterr().out)
    assert set(figures) == set(table) == {"absolute", "psnr", "ssim"}
    assert float(table["psnr"]) == pytest.approx(figures["psnr"], abs=1e-4)


def test_a_picture_that_the_objective_needs_is_asked_for(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    zoo.create("fast_style", preset="tiny").save("model.keras")
    assert run("evaluate", "model.keras", "--data", "samples:") == 2
    assert "--set style=PICTURE" in capfd.readouterr().err
    assert run("evaluate", "model.keras", "--data", "folder:nowhere") == 2
    assert run("evaluate", "fast_style", "--data", "samples:") == 2
    assert "not a trained model" in capfd.readouterr().err
