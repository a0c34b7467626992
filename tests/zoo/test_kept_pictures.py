"""What a model was configured with is saved with it; where a file lies on this machine is not."""

import json
import zipfile

import keras
import numpy as np
import pytest

import zoo
from tests.cli.in_process import run
from tests.models import adapted, batches, sample
from zoo.training.pictures import write_picture

CONFIGURED = {
    "fast_style": {},
    "compositor": {"perceptual_weight": 0.5},
    "neural_style": {"preserve_color": "luminance"},
}


def losses(model):
    batch = batches(model, 2)(0)
    return {name: np.asarray(value) for name, value in model.loss_terms(batch, model(batch, training=False)).items()}


@pytest.mark.parametrize("name", CONFIGURED)
@pytest.mark.parametrize("compiled", [True, False])
def test_a_loaded_model_trains_on_without_its_pictures(name, compiled, tmp_path):
    model = adapted(name, **CONFIGURED[name])
    if compiled:
        model.compile()
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(str(tmp_path / "model.keras"))
    if not compiled:
        loaded.compile()
    history = loaded.fit(batches(loaded, 2).dataset(), steps_per_epoch=1, verbose=0, shuffle=False).history
    assert np.isfinite(history["loss"]).all()


@pytest.mark.parametrize("name", CONFIGURED)
def test_the_objective_of_a_loaded_model_is_the_same_to_the_bit(name, tmp_path):
    model = adapted(name, **CONFIGURED[name])
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(str(tmp_path / "model.keras"))
    loaded.prepare()
    before, after = losses(model), losses(loaded)
    for term, value in before.items():
        np.testing.assert_array_equal(value, after[term], err_msg=term)


def test_pictures_of_several_settings_and_more_than_nine(tmp_path):
    model = zoo.create("fast_style", preset="tiny", styles=11)
    model.adapt(style=[np.full((40, 40, 3), shade / 11, "float32") for shade in range(11)])
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(str(tmp_path / "model.keras"))
    shades = [picture.mean() for picture in loaded.pictures["style"]]
    np.testing.assert_allclose(shades, np.arange(11) / 11, atol=1e-6)


def test_a_painting_is_the_same_once_loaded(tmp_path):
    model = adapted("neural_style", preserve_color="luminance")
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(zoo.load(str(tmp_path / "model.keras")).picture(), model.picture())


def test_a_copy_without_pictures_says_what_it_lacks(tmp_path):
    model = adapted("fast_style")
    model.save(tmp_path / "model.keras")
    model.keep()
    model.save(tmp_path / "light.keras")
    picture = np.prod(adapted("fast_style").pictures["style"][0].shape) * 4
    sizes = [(tmp_path / name).stat().st_size for name in ("model.keras", "light.keras")]
    assert sizes[0] - sizes[1] >= picture
    light = zoo.load(str(tmp_path / "light.keras"))
    light.compile()
    with pytest.raises(ValueError, match="no style picture yet"):
        light.fit(batches(light, 2).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)


def test_evaluate_and_resume_need_no_style_again(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    write_picture(tmp_path / "style.png", sample("coffee", 48))
    command = ["train", "fast_style", "--preset", "tiny", "--data", "samples:", "--batch-size", "2"]
    command += ["--checkpoint-every", "2", "--log-every", "2"]
    assert run(*command, "--out", "whole", "--set", "style=style.png", "--steps", "2") == 0
    (tmp_path / "whole" / "model.keras").unlink()
    (tmp_path / "style.png").unlink()
    assert run(*command, "--out", "new", "--steps", "2") == 2
    assert "--set style=PICTURE" in capfd.readouterr().err
    assert run(*command, "--out", "whole", "--steps", "2", "--resume") == 0
    capfd.readouterr()
    assert run("evaluate", "whole", "--data", "samples:", "-n", "2", "--batch-size", "2", "--json") == 0
    assert set(json.loads(capfd.readouterr().out)) == {"style", "content"}


def test_a_run_resumed_without_its_style_ends_with_the_same_bits(tmp_path):
    from zoo.training.run import train

    write_picture(tmp_path / "style.png", sample("coffee", 48))
    arguments = dict(preset="tiny", data="samples:", batch_size=2, checkpoint_every=2, log_every=2)
    pictures = {"style": [tmp_path / "style.png"] * 2}
    config = {"learning_rate": 1e-3}
    train("fast_style", config, out=tmp_path / "whole", pictures=pictures, steps=4, schedule="constant", **arguments)
    train("fast_style", config, out=tmp_path / "parts", pictures=pictures, steps=2, schedule="constant", **arguments)
    train("fast_style", config, out=tmp_path / "parts", resume=True, steps=4, schedule="constant", **arguments)
    whole, parts = (zoo.load(str(tmp_path / name / "model.keras")) for name in ("whole", "parts"))
    for one, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(parts.pictures["style"]) == 2


@pytest.fixture
def features(tmp_path_factory):
    """A file of VGG's weights, drawn, far from where anything runs."""
    file = tmp_path_factory.mktemp("far away") / "drawn.weights.h5"
    keras.applications.VGG16(include_top=False, weights=None).save_weights(file)
    return file


def test_where_feature_weights_lie_is_not_saved(tmp_path, features, monkeypatch):
    model = zoo.create("super_resolution", preset="tiny", perceptual_weight=1.0, features="vgg16", feature_weights=str(features))
    model.compile()
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        assert all(str(features.parent).encode() not in archive.read(name) for name in archive.namelist())
    loaded = zoo.load(str(tmp_path / "model.keras"))
    assert loaded.feature_weights == features.name
    with pytest.raises(FileNotFoundError, match=r"drawn\.weights\.h5 does not exist; set model\.feature_weights"):
        loaded.prepare()
    monkeypatch.setenv("ZOO_FEATURE_WEIGHTS", str(features.parent))
    loaded.prepare()
    assert loaded.perceptual.features.output


def test_a_run_keeps_the_place_of_feature_weights_and_its_model_does_not(tmp_path, features):
    from zoo.training.run import train

    arguments = dict(preset="tiny", data="samples:", out=tmp_path / "run", batch_size=2, checkpoint_every=1, log_every=1)
    config = {"perceptual_weight": 1.0, "features": "vgg16", "feature_weights": str(features)}
    train("super_resolution", config, steps=1, schedule="constant", **arguments)
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"]["feature_weights"] == str(features)
    assert zoo.load(str(tmp_path / "run" / "model.keras")).feature_weights == features.name
    train("super_resolution", config, steps=2, schedule="constant", resume=True, **arguments)
    with pytest.raises(ValueError, match="feature_weights was .* and is now"):
        train("super_resolution", config | {"feature_weights": "random"}, steps=3, resume=True, schedule="constant", **arguments)
