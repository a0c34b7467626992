"""PyTorch's networks beside ours, where PyTorch is installed (extra `bench`): one function, and as many operations."""

import numpy as np
import pytest

import zoo.features
from benchmarks.networks import multiply_accumulates, picture

torch = pytest.importorskip("torch")
peers = pytest.importorskip("benchmarks.peers")


def weights(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_the_transform_network_is_ours():
    ours = zoo.create("fast_style", width=4, residual_blocks=2).network
    theirs = peers.Transform(4, 2).eval()
    random = np.random.default_rng(0)
    ours.set_weights([random.normal(0.3, 0.3, weight.shape) for weight in ours.weights])
    peers.load(theirs, [np.asarray(weight) for weight in ours.weights])
    image = picture(64)
    with torch.no_grad():
        answer = theirs(torch.from_numpy(image).permute(0, 3, 1, 2)).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(answer, np.asarray(ours({"image": image})), atol=1e-4)
    assert weights(theirs) == ours.count_params()
    assert peers.multiply_accumulates(theirs, torch.zeros(1, 3, 64, 64)) == multiply_accumulates(ours, 64)


def test_dcgan_is_ours():
    ours = zoo.create("dcgan", generator_width=4, discriminator_width=4)
    for network, peer, shape in (
        (ours.generator, peers.generator(4), (1, 100)),
        (ours.discriminator, peers.discriminator(4), (1, 3, 64, 64)),
    ):
        assert weights(peer) == sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
        assert peers.multiply_accumulates(peer.eval(), torch.zeros(shape)) == multiply_accumulates(network, 64)


def test_vgg16_has_the_features_of_ours():
    features = zoo.features.create("vgg16", weights="random")
    convolutions = [layer for layer in features.get_layer("vgg16").layers if layer.weights]
    theirs = peers.VGG16()
    peers.load(theirs, [np.asarray(weight) for layer in convolutions for weight in layer.weights])
    maps = theirs(torch.from_numpy(picture(32)).permute(0, 3, 1, 2))
    assert len(convolutions) == 10
    for their_map, (name, wanted) in zip(maps, sorted(features(picture(32)).items()), strict=True):
        scale = float(np.abs(wanted).max())
        np.testing.assert_allclose(
            their_map.detach().permute(0, 2, 3, 1).numpy() / scale, np.asarray(wanted) / scale, atol=1e-4, err_msg=name
        )


@pytest.mark.parametrize("task", ["style", "gan"])
def test_a_training_step_runs(task):
    from benchmarks import torch_steps

    run = getattr(torch_steps, task)(threads=1, quick=True, autocast=task == "style")
    assert len(run(None, 0.0)) == 1


@pytest.mark.parametrize("family", ["fast_style", "dcgan"])
def test_a_compiled_step_on_a_device_runs(family):
    from benchmarks import devices, torch_devices

    settings, batch = next((settings, batch) for name, settings, batch in devices.SMALL.values() if name == family)
    torch_devices.PEERS[family]("cpu", settings, batch)()
