"""PyTorch's networks beside ours, where an interpreter has PyTorch (ZOO_TEST_PYTORCH): one function, as many operations."""

import os
import sys

import numpy as np
import pytest

import zoo.features
from benchmarks.networks import multiply_accumulates, picture
from benchmarks.turns import Runner, has_pytorch

PYTHON = os.environ.get("ZOO_TEST_PYTORCH", sys.executable)
pytestmark = pytest.mark.skipif(not has_pytorch(PYTHON), reason="PyTorch is not installed (extra bench, or ZOO_TEST_PYTORCH)")


def answered(build, **arguments):
    """One turn of a function of tests/benchmarks/torch_side.py in PyTorch's interpreter."""
    runner = Runner(f"tests.benchmarks.torch_side:{build}", 1, PYTHON, **arguments)
    try:
        return runner.turn(None, 0.0)
    finally:
        runner.close()


def counted(name, folder, shape, weights=(), image=None):
    """Weights and multiply-accumulates of PyTorch's network, and its answers where weights are given."""
    if image is not None:
        np.savez(folder / "weights.npz", *(np.asarray(weight) for weight in weights))
        np.save(folder / "picture.npy", image)
    counts = tuple(answered("network", name=name, folder=str(folder), shape=shape))
    if image is None:
        return counts, []
    with np.load(folder / "answers.npz") as answers:
        return counts, list(answers.values())


def test_the_transform_network_is_ours(tmp_path):
    ours = zoo.create("fast_style", width=4, residual_blocks=2).network
    random = np.random.default_rng(0)
    ours.set_weights([random.normal(0.3, 0.3, weight.shape) for weight in ours.weights])
    image = picture(64)
    counts, (answer,) = counted("transform", tmp_path, [1, 3, 64, 64], ours.weights, image)
    np.testing.assert_allclose(answer, np.asarray(ours({"image": image})), atol=1e-4)
    assert counts == (ours.count_params(), multiply_accumulates(ours, 64))


@pytest.mark.parametrize(("name", "shape"), [("generator", [1, 100]), ("discriminator", [1, 3, 64, 64])])
def test_dcgan_is_ours(name, shape, tmp_path):
    ours = getattr(zoo.create("dcgan", generator_width=4, discriminator_width=4), name)
    weights = sum(int(np.prod(weight.shape)) for weight in ours.trainable_weights)
    assert counted(name, tmp_path, shape)[0] == (weights, multiply_accumulates(ours, 64))


def test_vgg16_has_the_features_of_ours(tmp_path):
    features = zoo.features.create("vgg16", weights="random")
    convolutions = [layer for layer in features.get_layer("vgg16").layers if layer.weights]
    weights = [weight for layer in convolutions for weight in layer.weights]
    _, maps = counted("vgg16", tmp_path, [1, 3, 32, 32], weights, picture(32))
    assert len(convolutions) == 10
    for their_map, (name, wanted) in zip(maps, sorted(features(picture(32)).items()), strict=True):
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(their_map / scale, np.asarray(wanted) / scale, atol=1e-4, err_msg=name)


@pytest.mark.parametrize(("name", "weights"), [("dncnn", 668_227), ("safmn", 239_520)])
def test_published_shapes_have_the_weights_that_were_published(name, weights, tmp_path):
    """668 k and 240 k; every pixel of the picture goes once through all convolutions but SAFMN's smaller scales."""
    (counted_weights, operations), _ = counted(name, tmp_path, [1, 3, 64, 64])
    assert counted_weights == weights
    assert 0.95 * weights < operations / 64**2 < weights


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("task", ["style", "gan"])
def test_a_training_step_runs(task, compiled):
    assert len(answered("step", task=task, autocast=task == "style", compiled=compiled)) == 1


@pytest.mark.parametrize("family", ["fast_style", "dcgan"])
def test_a_compiled_step_on_a_device_runs(family):
    assert answered("compiled_step", family=family) == [1.0]
