"""Feature networks: shapes, numbers, weights files, and what happens without a network."""

import functools
import pathlib
import socket
import time

import h5py
import keras
import numpy as np
import pytest
from keras import ops

from zoo import features
from zoo.features import _dictionary, _vgg

random = np.random.default_rng(0)
PICTURES = random.uniform(size=(2, 50, 39, 3)).astype("float32")


@pytest.fixture(scope="module")
def compact():
    return features.create("compact")


@pytest.fixture(scope="module")
def vgg16_base():
    return keras.applications.VGG16(include_top=False, weights=None)


@pytest.fixture(scope="module")
def vgg16_file(vgg16_base, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "vgg16.weights.h5"
    vgg16_base.save_weights(path)
    return str(path)


def test_wrong_names_are_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no feature network 'vgg-19'; did you mean 'vgg19'"):
        features.create("vgg-19")
    with pytest.raises(ValueError, match="did you mean 'compact'"):
        features.style_layers("compakt")
    with pytest.raises(ValueError, match="no map of compact 'level0_layer3'; did you mean 'level0_layer"):
        features.create("compact", layers=("level0_layer3",))
    with pytest.raises(ValueError, match="no map of vgg16 'relu5_4'"):
        features.create("vgg16", "random", ("relu5_4",))
    with pytest.raises(ValueError, match="compact features ship with their weights"):
        features.create("compact", "vgg19.weights.h5")


def test_compact_maps(compact):
    assert compact.count_params() == 83_328
    assert compact.trainable_variables == []
    maps = compact(PICTURES)
    assert tuple(maps) == features.style_layers("compact")
    for level, (height, width) in enumerate([(50, 39), (25, 20), (13, 10), (7, 5)]):
        assert maps[f"level{level}_layer1"].shape == (2, height, width, 64)
        assert maps[f"level{level}_layer2"].shape == (2, height // 2, width // 2, 128)
    assert set(features.content_layers("compact")) <= set(maps)


def test_compact_against_numpy(compact):
    weights = [ops.convert_to_numpy(weight) for weight in compact.weights]
    flat = [weight.reshape(-1, weight.shape[-1]) if weight.ndim == 4 else weight for weight in weights]

    def around(maps, padding):
        return np.pad(maps, ((padding, padding), (padding, padding), (0, 0)), "reflect")

    picture = PICTURES[0]
    maps = compact(PICTURES)
    for level in range(4):
        pooled = _dictionary.layer(around(picture, 3), *flat[:2])
        windows = np.lib.stride_tricks.sliding_window_view(around(pooled, 1), (3, 3), (0, 1)).transpose(0, 1, 3, 4, 2)
        expected = np.maximum(windows.reshape(*pooled.shape[:2], -1) @ flat[2] + flat[3], 0)
        np.testing.assert_allclose(maps[f"level{level}_layer2"][0], expected, atol=1e-3)
        picture = _dictionary.half(picture)


def test_compact_smallest_picture(compact):
    smallest = compact(PICTURES[:, :25, :25])
    assert all(np.isfinite(maps).all() for maps in smallest.values())
    with pytest.raises(ValueError, match="at least 25x25, not 24x39"):
        compact(PICTURES[:, :24])


def test_only_the_asked_maps_are_built(compact):
    few = features.create("compact", layers=("level1_layer1",))
    assert list(few(PICTURES)) == ["level1_layer1"]
    np.testing.assert_array_equal(few(PICTURES)["level1_layer1"], compact(PICTURES)["level1_layer1"])
    shallow = features.create("vgg19", "random", ("relu1_2", "relu2_1"))
    assert {name: maps.shape[1:] for name, maps in shallow(PICTURES).items()} == {
        "relu1_2": (50, 39, 64),
        "relu2_1": (25, 19, 128),
    }
    assert shallow.count_params() == 1792 + 36_928 + 73_856
    assert shallow.trainable_variables == []


def test_half_precision_stays_close(compact):
    picture = _dictionary.dead_leaves(random, 64)[None]
    exact = compact(picture)
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        half = features.create("compact")(picture)
    finally:
        keras.config.set_dtype_policy("float32")
    for name, maps in half.items():
        assert keras.backend.standardize_dtype(maps.dtype) == "bfloat16"
        maps, wanted = ops.convert_to_numpy(ops.cast(maps, "float32")), ops.convert_to_numpy(exact[name])
        assert np.abs(maps - wanted).mean() < 0.02 * wanted.std()


def test_the_dictionary_can_be_built_again(monkeypatch, compact):
    for name, value in {"PICTURES": 2, "SIDE": 48, "LEAVES": 60, "PATCHES": 3000, "ITERATIONS": 2}.items():
        monkeypatch.setattr(_dictionary, name, value)
    built = _dictionary.build()
    assert [weight.shape for weight in built.values()] == [weight.shape for weight in compact.weights]
    assert all(weight.dtype == np.float32 and np.isfinite(weight).all() for weight in built.values())


def test_drawn_pictures_depend_on_the_seed_alone():
    one, same, other = (_dictionary.dead_leaves(np.random.default_rng(seed), 32) for seed in (1, 1, 2))
    assert one.shape == (32, 32, 3) and one.dtype == np.float32
    assert one.min() >= 0 and one.max() <= 1 and one.std() > 0.1
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_responses_of_a_learned_layer_are_standardised():
    samples = random.normal(size=(2000, 12)) @ random.normal(size=(12, 12)) + 3
    kernel, bias = _dictionary.learn(samples, 8, 1e-3, 5, random)
    responses = samples @ kernel + bias
    np.testing.assert_allclose(responses.mean(0), 0, atol=1e-3)
    np.testing.assert_allclose(responses.std(0), 1, atol=1e-3)


def test_vgg_weights_file_and_preprocessing(vgg16_base, vgg16_file):
    network = features.create("vgg16", vgg16_file, ("relu1_1", "relu2_2", "relu4_3"))
    caffe = keras.applications.vgg16.preprocess_input(255 * PICTURES)
    reference = keras.Model(vgg16_base.input, [vgg16_base.get_layer(f"block{i}_conv{j}").output for i, j in ((1, 1), (4, 3))])
    first, fourth = reference(caffe)
    maps = network(PICTURES)
    np.testing.assert_allclose(maps["relu1_1"], first, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(maps["relu4_3"], fourth, rtol=1e-4, atol=1e-3)


def published(base, path):
    """A file of `base` in the layout of those that Keras publishes."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in base.layers]
        for layer in base.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}_{kind}_1:0" for kind in ("W", "b")][: len(layer.weights)]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, weight in zip(names, layer.get_weights(), strict=True):
                group[name] = weight
    return str(path)


def test_vgg_file_as_keras_publishes_it(vgg16_base, vgg16_file, tmp_path):
    file = published(vgg16_base, tmp_path / "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5")
    of_published = features.create("vgg16", file, ("relu3_1",))(PICTURES)["relu3_1"]
    np.testing.assert_array_equal(of_published, features.create("vgg16", vgg16_file, ("relu3_1",))(PICTURES)["relu3_1"])
    with pytest.raises(ValueError, match="holds no weights of vgg19"):
        features.create("vgg19", file)


def test_bad_weights_files_give_one_line(vgg16_file, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the weights file no\.weights\.h5 does not exist"):
        features.create("vgg16", "no.weights.h5")
    with pytest.raises(ValueError, match="holds no weights of vgg19") as wrong:
        features.create("vgg19", vgg16_file)
    assert "\n" not in str(wrong.value) and len(str(wrong.value)) < 500
    whole = pathlib.Path(vgg16_file).read_bytes()
    for name in ("cut.weights.h5", "cut.h5"):
        cut = tmp_path / name
        cut.write_bytes(whole[:20_000_000])
        with pytest.raises(ValueError, match="is cut short") as short:
            features.create("vgg16", str(cut))
        assert "\n" not in str(short.value)
    text = tmp_path / "weights.txt"
    text.write_text("none")
    with pytest.raises(ValueError, match="not supported"):
        features.create("vgg16", str(text))


@pytest.fixture
def silent_server():
    """An address that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setattr(keras.utils, "get_file", functools.partial(keras.utils.get_file, cache_dir=str(tmp_path)))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path


def test_without_a_network_the_ways_out_are_named(monkeypatch, empty_cache, capsys):
    monkeypatch.setattr(_vgg, "ORIGIN", "http://127.0.0.1:1")
    with pytest.raises(OSError, match=r"--feature-weights FILE.*machine with network.*compact") as error:
        features.create("vgg19")
    assert "\n" not in str(error.value)
    assert socket.getdefaulttimeout() is None
    assert [path for path in empty_cache.rglob("*") if path.is_file()] == []
    assert capsys.readouterr().out == ""


def test_a_download_that_hangs_is_given_up(monkeypatch, empty_cache, silent_server):
    monkeypatch.setattr(_vgg, "ORIGIN", silent_server)
    monkeypatch.setattr(_vgg, "TIMEOUT", 0.2)
    start = time.monotonic()
    with pytest.raises(OSError, match="cannot download the weights of vgg16"):
        features.create("vgg16")
    assert time.monotonic() - start < 10
    assert [path for path in empty_cache.rglob("*") if path.is_file()] == []


@pytest.fixture(scope="module")
def squeezenet_file(tmp_path_factory):
    """Weights of the right shapes, drawn."""
    draw = np.random.default_rng(3)
    arrays = {"conv1_kernel": draw.normal(0, 0.01, (7, 7, 3, 96)), "conv1_bias": draw.normal(0, 0.1, 96)}
    channels = 96
    for number in range(2, 10):
        width = 16 * (number // 2)
        shapes = {
            "squeeze1x1": (1, 1, channels, width),
            "expand1x1": (1, 1, width, 4 * width),
            "expand3x3": (3, 3, width, 4 * width),
        }
        for part, shape in shapes.items():
            arrays[f"fire{number}_{part}_kernel"] = draw.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape)
            arrays[f"fire{number}_{part}_bias"] = draw.normal(0, 0.1, shape[-1])
        channels = 8 * width
    path = tmp_path_factory.mktemp("weights") / "squeezenet.npz"
    np.savez(path, **{name: array.astype("float32") for name, array in arrays.items()})
    return str(path)


def test_squeezenet_against_plain_operations(squeezenet_file):
    names = ("conv1", "fire2", "fire4", "fire5", "fire9")
    maps = features.create("squeezenet", squeezenet_file, names)(PICTURES)
    weights = np.load(squeezenet_file)

    def convolve(x, layer, strides=1, padding="same"):
        return ops.relu(ops.conv(x, weights[f"{layer}_kernel"], strides, padding) + weights[f"{layer}_bias"])

    x = PICTURES[..., ::-1] * 255 - np.array([104, 117, 123], "float32")
    x = convolve(np.pad(x, ((0, 0), (3, 3), (3, 3), (0, 0)), "reflect"), "conv1", 2, "valid")
    expected = {"conv1": x}
    for number in range(2, 10):
        if number in (2, 5, 9):
            x = 1.2 * ops.power(ops.average_pool(ops.power(x, 4), 3, 2, padding="same") + 1e-6, 0.25)
        squeezed = convolve(x, f"fire{number}_squeeze1x1")
        parts = [convolve(squeezed, f"fire{number}_expand{kernel}") for kernel in ("1x1", "3x3")]
        expected[f"fire{number}"] = x = ops.concatenate(parts, axis=-1)
    for name in names:
        np.testing.assert_allclose(maps[name], expected[name], rtol=1e-3, atol=1e-2)


def test_several_networks_at_once(squeezenet_file, compact):
    name = "compact:0.5+squeezenet:2"
    weights = features.style_weights(name)
    assert {weights[f"compact.{layer}"] for layer in features.style_layers("compact")} == {0.5}
    assert {weights[f"squeezenet.{layer}"] for layer in features.style_layers("squeezenet")} == {2.0}
    assert features.content_layers(name) == ("squeezenet.fire4",)
    assert features.content_layers("squeezenet+compact") == tuple(f"compact.{n}" for n in features.content_layers("compact"))
    both = features.create(name, squeezenet_file)
    assert both.trainable_variables == []
    maps = both(PICTURES)
    assert tuple(maps) == (*weights, "squeezenet.fire4")
    np.testing.assert_array_equal(maps["compact.level1_layer2"], compact(PICTURES)["level1_layer2"])
    alone = features.create("squeezenet", squeezenet_file)(PICTURES)
    np.testing.assert_array_equal(maps["squeezenet.fire7"], alone["fire7"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("compact+squeeznet", "did you mean 'squeezenet'"),
        ("compact+compact", "named twice"),
        ("compact:much+squeezenet", "the weight of compact is a number"),
        ("compact:0+squeezenet", "above 0"),
        ("compact:inf", "above 0"),
    ],
)
def test_wrong_combinations_are_one_line(name, words):
    with pytest.raises(ValueError, match=words):
        features.style_weights(name)


def test_squeezenet_needs_its_file(vgg16_file, tmp_path):
    with pytest.raises(ValueError, match=r"--feature-weights FILE.*compact"):
        features.create("squeezenet")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        features.create("squeezenet", "nowhere.npz")
    with pytest.raises(ValueError, match=r"holds no weights of SqueezeNet 1\.0"):
        features.create("compact+squeezenet", vgg16_file)
