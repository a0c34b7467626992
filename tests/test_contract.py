"""What every family of the zoo must do; a new family is tested by existing."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

import zoo
from tests.models import adapted, batches, sample
from tests.training.processes import finish, start_workers
from zoo._registry import family
from zoo.export.export import export_model
from zoo.training.pictures import write_picture
from zoo.training.run import train
from zoo.training.strategies import make_strategy

FAMILIES = zoo.list_models()
DEPLOYABLE = [name for name in FAMILIES if family(name).deployable]


@pytest.fixture(scope="module", params=FAMILIES)
def trained(request, pictures):
    """A family's tiny model after two steps of the stock fit, and the history of its losses."""
    keras.utils.set_random_seed(0)
    model = adapted(request.param)
    model.compile()
    history = model.fit(batches(model, pictures=pictures).dataset(), steps_per_epoch=1, epochs=2, verbose=0, shuffle=False)
    return model, history.history


@pytest.fixture(scope="session")
def two_replicas():
    return make_strategy("mirrored", 2)


def variables(model):
    return [np.array(variable) for variable in [*model.variables, *model.optimizer.variables]]


def test_losses_are_finite_and_named(trained):
    model, history = trained
    assert set(history) == {"loss", *model.loss_names}
    assert np.isfinite(list(history.values())).all()
    np.testing.assert_allclose(history["loss"], sum(np.array(history[name]) for name in model.loss_names), rtol=1e-5)


def test_training_moves_every_weight(trained):
    model, _ = trained
    fresh = adapted(model.name)
    names = [variable.path for variable in model.trainable_variables]
    assert names and len(names) == len(fresh.trainable_variables)
    assert model.optimizer.iterations == 2


def test_keras_file_round_trip(trained, tmp_path):
    model, _ = trained
    model.save(tmp_path / "model.keras")
    loaded = zoo.load(str(tmp_path / "model.keras"))
    assert loaded.get_config() == model.get_config()
    for one, other in zip(variables(model), variables(loaded), strict=True):
        np.testing.assert_array_equal(one, other)


def test_config_round_trip(trained):
    model, _ = trained
    again = type(model).from_config(model.get_config())
    assert again.get_config() == model.get_config()
    assert [v.shape for v in again.variables] == [v.shape for v in model.variables]


@pytest.mark.parametrize("name", FAMILIES)
def test_two_replicas_equal_one(name, two_replicas, pictures):
    """The same global batch on one device and on two: the same weights to 1e-6, under SGD, whose update shows every error.

    One step: in a second one, a rounding of 1e-8 can fall on the other side of a kink (of L1, of ReLU) and flip a gradient.
    """

    def weights(strategy):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            model = adapted(name)
            model.compile(keras.optimizers.SGD(1e-2))
        model.fit(batches(model, pictures=pictures).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
        return [np.array(variable) for variable in model.variables]

    one = weights(tf.distribute.get_strategy())
    two = weights(two_replicas)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6)


QUICK = ("dcgan", "denoiser")


@pytest.mark.parametrize("names", [QUICK, pytest.param(tuple(sorted(set(FAMILIES) - set(QUICK))), marks=pytest.mark.long)])
def test_two_processes_equal_one(names, pictures, tmp_path):
    """As above, for two workers, each a process of its own: one pair of them takes one family after the other."""
    work = {"names": names, "pictures": pictures, "folder": tmp_path}
    for worker in start_workers(work, work, module="tests.contract_worker"):
        finish(worker)
    for name in names:
        keras.utils.set_random_seed(0)
        model = adapted(name)
        model.compile(keras.optimizers.SGD(1e-2))
        model.fit(batches(model, pictures=pictures).dataset(), steps_per_epoch=1, verbose=0, shuffle=False)
        two = np.load(tmp_path / f"{name}.npz")
        for variable, other in zip(model.variables, two.values(), strict=True):
            np.testing.assert_allclose(np.array(variable), other, rtol=1e-6, atol=1e-6, err_msg=f"{name}: {variable.path}")


@pytest.mark.parametrize("name", FAMILIES)
def test_resume_is_exact(name, tmp_path, pictures):
    """A run that loses its last checkpoint and its model goes on from the one before and ends with the same bits."""
    cls = family(name)
    write_picture(tmp_path / "setting.png", sample("coffee", 64))
    arguments = dict(
        preset="tiny",
        config={},
        pictures={setting: [tmp_path / "setting.png"] for setting in cls.picture_settings},
        data={source: pictures for source in ("data", *cls.source_settings)},
        steps=4,
        batch_size=2,
        checkpoint_every=2,
    )
    train(name, out=tmp_path / "whole", **arguments)
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    (tmp_path / "cut" / "model.keras").unlink()
    newest = max((tmp_path / "cut" / "checkpoint").iterdir())
    newest.unlink()
    train(name, out=tmp_path / "cut", resume=True, **arguments)
    whole, cut = (np.load(tmp_path / run / "checkpoint" / newest.name) for run in ("whole", "cut"))
    assert set(whole.files) == set(cut.files)
    for array in whole.files:
        np.testing.assert_array_equal(whole[array], cut[array])


@pytest.mark.parametrize("name", DEPLOYABLE)
def test_deployed_graph_holds_what_it_needs_and_no_more(name):
    model = adapted(name)
    deployed = model.inference_model()
    assert set(deployed.input) <= {"image", "mask", "style", "style_weights", "strength", "latent", "label", "truncation"}
    assert set(deployed.output) == {"output_image"}
    own = {id(variable) for variable in model.variables}
    assert {id(variable) for variable in deployed.trainable_variables} <= own
    inputs = {
        key: tf.zeros([16 if side is None else side for side in (1, *tensor.shape[1:])], tensor.dtype)
        for key, tensor in deployed.input.items()
    }
    with tf.GradientTape() as tape:
        output = deployed(inputs, training=False)["output_image"]
    gradients = tape.gradient(output, [variable.value for variable in deployed.trainable_variables])
    unused = [v.path for v, g in zip(deployed.trainable_variables, gradients, strict=True) if g is None]
    assert not unused


@pytest.mark.parametrize("name", DEPLOYABLE)
def test_every_format_equals_keras(name, tmp_path):
    """Every artefact in its own runtime, with unknown and with fixed sizes, at two sizes and two batch sizes."""
    pictures = [sample(picture, 64) for picture in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    manifest = export_model(
        adapted(name), tmp_path / "out", name=name, precisions=("float32",), sizes=("dynamic", (32, 32)), pictures=pictures
    )
    made = {artifact.format for artifact in manifest.artifacts}
    assert made >= {"savedmodel", "litert", "onnx"} and made | {cell.format for cell in manifest.skipped} == made | {"web"}
    for artifact in manifest.artifacts:
        assert artifact.parity.passed, artifact
        assert artifact.parity.max_abs < 1e-4


@pytest.mark.parametrize("name", DEPLOYABLE)
def test_float16_onnx_holds_its_floor(name, tmp_path):
    """The only converter that rewrites a finished graph, node by node."""
    pictures = [sample(picture, 64) for picture in ("astronaut", "chelsea", "coffee", "rocket")] * 2
    settings = {"elements": 2} if name == "compositor" else {}
    manifest = export_model(
        zoo.create(name, preset="tiny", **settings),
        tmp_path / "out",
        name=name,
        formats=("onnx",),
        precisions=("float16",),
        pictures=pictures,
    )
    assert manifest.artifacts and manifest.passed


def test_weights_of_another_model_are_refused(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match="not a model of this zoo"):
        zoo.load(str(tmp_path / "other.keras"))


def test_a_lambda_layer_is_refused(tmp_path):
    keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x)]).save(tmp_path / "code.keras")
    with pytest.raises(ValueError, match="not a model of this zoo"):
        zoo.load(str(tmp_path / "code.keras"))


@pytest.mark.parametrize("keep", [0, 10, 3000])
def test_a_file_cut_short_is_refused(tmp_path, keep):
    file = tmp_path / "cut.keras"
    zoo.create("fast_style", preset="tiny").save(file)
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ValueError, match="cut short|damaged"):
        zoo.load(str(file))


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        (lambda: zoo.create("fast_stile"), "did you mean 'fast_style'"),
        (lambda: zoo.create("fast_style", preset="jonson"), "did you mean 'johnson'"),
        (lambda: zoo.create("fast_style", widht=3), "did you mean 'width'"),
        (lambda: zoo.load("fast_style/nothing_like_it"), "no shipped weight"),
    ],
)
def test_wrong_names_are_answered_with_the_nearest(call, hint):
    with pytest.raises(ValueError, match=hint):
        call()


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"nowhere\.keras does not exist"):
        zoo.load(str(Path("nowhere.keras")))
