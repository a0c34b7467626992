"""What depends on the backend: which one runs, what a device without memory says, and batches without `tf.data`."""

import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.models import batches
from tests.training.tiny import Tiny, train_tiny
from zoo.training.backend import check_environment, check_trainable, memory_explained, running, use
from zoo.training.jax_devices import Devices
from zoo.training.threads import Threads

TOO_MANY = 1 << 42  # numbers, for any machine


def test_the_backend_that_runs_is_the_one_that_is_used():
    assert running() == "tensorflow"
    use("tensorflow")
    with pytest.raises(ValueError, match=r"^Keras runs on tensorflow in this process, .* start one with KERAS_BACKEND=jax$"):
        use("jax")
    with pytest.raises(ValueError, match=r"^zoo trains on tensorflow and jax, not on torch"):
        check_trainable("torch")


def test_a_run_on_another_backend_needs_another_process(tmp_path):
    with pytest.raises(ValueError, match="Keras runs on tensorflow in this process, and this training on jax"):
        train_tiny(tmp_path / "run", backend="jax")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("library", ["tensorflow", "jax", "numpy"])
def test_too_little_memory_is_answered_with_a_batch(library):
    def allocate():
        if library == "tensorflow":
            return tf.zeros([TOO_MANY])
        if library == "numpy":
            return np.empty(1 << 48)
        jax = pytest.importorskip("jax")
        return jax.numpy.zeros(TOO_MANY).block_until_ready()

    with (
        pytest.raises(
            ValueError, match=r"memory for a batch of 6; take, in a new --out, --batch-size 2, or with --accum"
        ) as caught,
        memory_explained(6, 1, replicas=2),
    ):
        allocate()
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="smaller pictures or networks"), memory_explained(1, 1, replicas=1):
        allocate()
    with pytest.raises(MemoryError, match="a picture"), memory_explained(6, 1, replicas=2):
        raise MemoryError("there is not enough memory to read a picture")
    with pytest.raises(KeyError), memory_explained(6, 1, replicas=2):
        raise KeyError("another error stays what it is")


def test_a_batch_that_no_machine_holds(tmp_path):
    with pytest.raises(
        ValueError, match=r"^the machine has not enough memory for a batch of 1000000000000; take, in a new --out, --b"
    ):
        train_tiny(tmp_path / "run", batch_size=10**12)


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        ("nonsense", "KERAS_BACKEND=nonsense: Keras has no such backend; set it to tensorflow or jax, or unset it"),
        ("jax", r"KERAS_BACKEND=jax: jax is not installed \(pip install 'keras-image-zoo\[jax\]'\); install it, or unset"),
        ("torch", "KERAS_BACKEND=torch: torch is not installed; install it, or unset KERAS_BACKEND"),
    ],
)
def test_a_backend_that_the_environment_names_and_that_is_not_there(monkeypatch, backend, words):
    monkeypatch.setenv("KERAS_BACKEND", backend)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "jax", None)
    check_environment()  # too late to matter: Keras runs
    monkeypatch.delitem(sys.modules, "keras")
    with pytest.raises(ValueError, match=f"^{words}"):
        check_environment()
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    check_environment()


def test_strategies_of_clusters_are_tensorflows():
    with pytest.raises(ValueError, match="--strategy multiworker needs the TensorFlow backend"):
        Devices("multiworker")
    with pytest.raises(ValueError, match="single has one replica, not 2"):
        Devices("single", 2)


def test_threads_make_the_batches_in_their_order(pictures):
    make = batches(Tiny(), pictures=pictures)
    data = Threads(make, 2, 7)
    assert data.num_batches == 5 and Threads(make).num_batches is None
    seen = []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(float(logs["loss"]))

    def losses(dataset):
        seen.clear()
        keras.utils.set_random_seed(0)
        model = Tiny()
        model.compile()
        model.fit(dataset, steps_per_epoch=5, shuffle=False, verbose=0, callbacks=[Look()])
        return list(seen)

    assert losses(data) == pytest.approx(losses(make.dataset(2, 7)), rel=1e-5)
    for index in (0, 0, 3, 1, 2, 4):  # Keras asks for the first one twice
        for name, values in make(2 + index).items():
            np.testing.assert_array_equal(data[index][name], values)
