"""Batches as a `tf.data.Dataset`, made on all cores; JPEG crops are cut in its graph, where no thread waits for Python."""

import contextlib
import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from zoo import specs
from zoo._batch_check import right
from zoo.training.crops import cut_in_graph, window_of

Kinds = dict[str, tuple[Any, tuple[int, ...]]]  # name -> type and shape of an example


class BatchMaker(Protocol):
    """What a dataset is made from: see `zoo.training.batches.Batches`."""

    spec: Mapping[str, specs.Spec]
    batch_size: int

    @property
    def pictures(self) -> Mapping[str, specs.Picture]: ...

    def __call__(self, step: int) -> dict[str, np.ndarray]: ...

    def plan(self, step: int) -> dict[str, np.ndarray]: ...

    def counted(self) -> contextlib.AbstractContextManager[None]: ...


def dataset(batches: BatchMaker, start: int, stop: int | None) -> tf.data.Dataset:
    """The dataset whose element k is batch `start` + k, up to batch `stop` (None: endless).

    Python plans a batch, and the graph cuts its crops. Where that fails, because a damaged picture did not show it before, the
    batch is made in Python, which names the picture and passes it over. Both ways give the same values.
    """
    pictures = batches.pictures
    kinds: Kinds = {
        name: (tf.int32 if isinstance(tensor, specs.Label) else tf.float32, tensor.shape) for name, tensor in batches.spec.items()
    }
    planned: Kinds = (
        kinds | {name: (tf.string, ()) for name in pictures} | {window_of(name): (tf.int32, (5,)) for name in pictures}
    )

    def made(step: Any) -> dict[str, Any]:
        return _called(batches, batches, kinds, step)

    def cut(row: dict[str, Any]) -> dict[str, Any]:
        crops = {
            name: cut_in_graph(row[name], row[window_of(name)], tensor.size, tensor.channels) / 255
            for name, tensor in pictures.items()
        }
        return {name: crops.get(name, row[name]) for name in kinds}

    def quick(step: Any) -> tf.data.Dataset:
        one = tf.data.Dataset.from_tensors(step)
        rows = one.map(lambda step: _called(batches, batches.plan, planned, step)).unbatch()
        batch = rows.map(cut).batch(batches.batch_size, drop_remainder=True).ignore_errors()
        return batch.concatenate(one.map(made)).take(1)

    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    workers = os.cpu_count() or 1
    # Threads of its own: training runs one operation at a time, and batches would have to wait for their turn among them.
    options.threading.private_threadpool_size = workers
    steps = tf.data.Dataset.range(start, tf.int64.max if stop is None else stop)
    if _in_graph(batches):
        more = workers + 1  # one batch is planned while the others are cut
        elements = steps.interleave(quick, cycle_length=more, num_parallel_calls=more, deterministic=True)
    else:
        elements = steps.map(made, num_parallel_calls=workers, deterministic=True).prefetch(2)
    finished = elements.with_options(options)
    right.add(finished)  # `fit` need not make its first batch twice
    return finished


def _called(batches: BatchMaker, make: Callable[[int], dict[str, np.ndarray]], kinds: Kinds, step: Any) -> dict[str, Any]:
    """The tensors of `kinds` that `make` returns for a step, in Python."""

    def arrays(step: np.ndarray) -> list[np.ndarray]:
        with batches.counted():
            batch = make(int(step))
        return [batch[name] for name in kinds]

    # Stateless as far as TensorFlow is concerned: otherwise its determinism would make batches one at a time.
    values = tf.numpy_function(arrays, [step], [kind for kind, _ in kinds.values()], stateful=False)
    shapes = ((name, (batches.batch_size, *shape)) for name, (_, shape) in kinds.items())
    return {name: tf.ensure_shape(value, shape) for (name, shape), value in zip(shapes, values, strict=True)}


def _in_graph(batches: BatchMaker) -> bool:
    """Whether there are pictures, and nothing is made of their pixels in Python."""
    pixels = any(isinstance(tensor, specs.Noisy | specs.Reduced | specs.Degraded) for tensor in batches.spec.values())
    return bool(batches.pictures) and not pixels and not any(tensor.binarize for tensor in batches.pictures.values())
