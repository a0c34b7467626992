"""Checkpoints survive what happens to files: cut, damaged, half written, no room."""

import resource

import keras
import numpy as np
import pytest

from tests.training.tiny import Tiny
from zoo.training import checkpoint


def compiled(seed=0, **config):
    keras.utils.set_random_seed(seed)
    model = Tiny(**config)
    model.compile()
    return model


def values(model):
    return [keras.ops.convert_to_numpy(v).astype("float64") for v in (*model.variables, *model.optimizer.variables)]


def restore(directory, model):
    restored = checkpoint.read(directory, model)
    restored.assign_to(model)
    return restored.step


def same(first, second):
    return all(np.array_equal(a, b) for a, b in zip(values(first), values(second), strict=True))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_round_trip(tmp_path, policy):
    keras.config.set_dtype_policy(policy)
    try:
        first, second = compiled(0), compiled(1)
    finally:
        keras.config.set_dtype_policy("float32")
    first.optimizer.iterations.assign(7)
    assert not same(first, second)
    checkpoint.save(tmp_path / "checkpoint", 7, first)
    assert restore(tmp_path / "checkpoint", second) == 7
    assert same(first, second)


def test_the_newest_two_are_kept_and_nothing_else(tmp_path):
    model = compiled()
    assert restore(tmp_path, model) == 0
    for step in (1, 2, 10):
        checkpoint.save(tmp_path, step, model)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000002.npz", "step-00000010.npz"]
    checkpoint.save(tmp_path, 11, model, keep=1)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000011.npz"]


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_a_damaged_one_falls_back_to_the_one_before(tmp_path, damage, caplog):
    model, other = compiled(0), compiled(1)
    checkpoint.save(tmp_path, 1, model)
    checkpoint.save(tmp_path, 2, other)
    path = tmp_path / "step-00000002.npz"
    whole = path.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 64]) + whole[middle + 64 :]
    path.write_bytes({"cut": whole[:middle], "flip": flipped, "empty": b"", "text": b"hello"}[damage])
    assert restore(tmp_path, other) == 1
    assert same(model, other)
    assert "step-00000002.npz is damaged" in caplog.text


def test_another_model_is_refused(tmp_path):
    checkpoint.save(tmp_path, 1, compiled())
    with pytest.raises(ValueError, match=r"another model: .*kernel' is \(3, 3, 3, 4\), the model has \(3, 3, 3, 5\)"):
        restore(tmp_path, compiled(filters=5))


def test_weights_that_are_not_finite_are_not_saved(tmp_path):
    model = compiled()
    checkpoint.save(tmp_path, 1, model)
    model.network.layers[-1].bias.assign([np.nan, 0, 0])
    with pytest.raises(ValueError, match="after step 2 .*bias is not finite"):
        checkpoint.save(tmp_path, 2, model)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.npz"]


def test_a_full_disk_leaves_the_earlier_one(tmp_path):
    model = compiled()
    checkpoint.save(tmp_path, 1, model)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
    try:
        with pytest.raises(OSError, match=r"^cannot write .*step-00000002\.npz: File too large$"):
            checkpoint.save(tmp_path, 2, model)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000001.npz"]
    assert restore(tmp_path, compiled(1)) == 1


def mutated(whole, random):
    """The file with one thing wrong: bits turned, bytes lost, moved, doubled or made up."""
    data = bytearray(whole)
    start, length = int(random.integers(len(data))), int(random.integers(1, 200))
    kind = random.integers(6)
    if kind == 0:
        data[start] ^= 1 << int(random.integers(8))
    elif kind == 1:  # in what describes the members, most of which lies at the end
        data[-int(random.integers(1, min(len(data), 2000)))] = int(random.integers(256))
    elif kind == 2:
        del data[start:]
    elif kind == 3:
        del data[start : start + length]
    elif kind == 4:
        data[start : start + length] = random.bytes(length)
    else:
        data[start:start] = data[start : start + length]
    return bytes(data)


def survive(directory, count):
    """Damages the newer of two checkpoints in `count` ways; it is read as it was written, or the older one is."""
    model = compiled(0)
    written = {}
    for step in (1, 2):
        checkpoint.save(directory, step, model)
        written[step] = checkpoint.read(directory, model).arrays
        model.set_weights([weight + 1 for weight in model.get_weights()])
    path = directory / "step-00000002.npz"
    whole = path.read_bytes()
    random = np.random.default_rng(16)
    fell_back = 0
    for _ in range(count):
        path.write_bytes(mutated(whole, random))
        step, arrays = checkpoint.read(directory, model)
        assert all(np.array_equal(arrays[name], value) for name, value in written[step].items())
        fell_back += step == 1
    return fell_back


def test_three_hundred_damaged_ones_fall_back_or_are_whole(tmp_path, caplog):
    assert survive(tmp_path, 300) > 150
    assert all("\n" not in line and "taking the one before it" in line for line in caplog.messages)


@pytest.mark.parametrize("what", ["of no use", "compressed", "fewer", "a folder", "named otherwise"])
def test_whatever_cannot_be_read_falls_back(tmp_path, what, caplog):
    model, other = compiled(0), compiled(1)
    checkpoint.save(tmp_path, 1, model)
    checkpoint.save(tmp_path, 2, other)
    path = tmp_path / "step-00000002.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    if what == "a folder":
        path.unlink()
        path.mkdir()
    elif what == "named otherwise":
        path.rename(tmp_path / "step-two.npz")
    elif what == "compressed":
        np.savez_compressed(path, **arrays)
    else:
        arrays.pop(next(name for name in arrays if name.startswith("00001")))
        np.savez(path, **arrays) if what == "fewer" else path.write_bytes(b"PK\x05\x06" + bytes(18))
    assert restore(tmp_path, other) == 1 and same(model, other)
    checkpoint.save(tmp_path, 3, other, keep=1)
    assert checkpoint.newest(tmp_path) == 3


def test_one_from_before_variables_were_counted_is_read(tmp_path):
    model, other = compiled(0), compiled(1)
    checkpoint.save(tmp_path, 5, model)
    path = tmp_path / "step-00000005.npz"
    with np.load(path) as archive:
        arrays = dict(archive)
    np.savez(path, **(arrays | {"metadata": np.array('{"step": 5}')}))
    assert restore(tmp_path, other) == 5 and same(model, other)
