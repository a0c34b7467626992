"""Where the training runs: one device, several, or several machines."""

import contextlib
import functools
import os
from typing import TYPE_CHECKING, Any

from zoo.training.cluster import read_cluster, wait_for_all
from zoo.training.plan import Plan

if TYPE_CHECKING:
    import tensorflow as tf

NAMES = ("auto", "single", "mirrored", "multiworker")  # of one process; "ray" starts several, each of them multiworker


def make_strategy(name: str = "auto", replicas: int | None = None, wait: float = 600) -> "tf.distribute.Strategy":
    """The strategy for the devices at hand. Call it before anything else has used TensorFlow.

    Args:
        name: "auto" (several machines where TF_CONFIG names them, several replicas where asked for or where there are several
            GPUs, else one device), "single", "mirrored", or "multiworker".
        replicas: how many devices of this machine; without GPUs they are virtual, and share the processor.
        wait: seconds that "multiworker" waits for the other workers.

    Raises:
        ValueError: no such strategy, not enough GPUs, a bad TF_CONFIG, or TensorFlow was used already.
        OSError: a worker has not come, or this one's port is in use.

    Example:
        >>> with make_strategy("mirrored", replicas=2).scope():
        ...     model = zoo.create("fast_style")
    """
    import tensorflow as tf

    from zoo._registry import choose

    choose("strategy", name, NAMES)
    if replicas is not None and replicas < 1:
        raise ValueError(f"replicas must be 1 or more, not {replicas}")
    gpus = tf.config.list_physical_devices("GPU")
    if name == "auto":
        name = _choose_strategy(replicas, len(gpus))
    if name == "multiworker":
        if replicas is not None:
            raise ValueError("--replicas is for one machine; with multiworker every machine uses all of its GPUs")
        return _multiworker(wait)
    if name == "single":
        if replicas not in (None, 1):
            raise ValueError(f"the strategy single has one replica, not {replicas}; leave out --replicas, or use mirrored")
        return tf.distribute.get_strategy()
    if gpus:
        count = replicas or len(gpus)
        if count > len(gpus):
            raise ValueError(f"{count} replicas need {count} GPUs, and this machine has {len(gpus)}")
        return _mirrored(tuple(f"GPU:{index}" for index in range(count)))
    return _mirrored(_virtual_processors(replicas or 2))


def strategy_of(plan: Plan) -> Any:
    """What the plan asks for, of its backend: a `tf.distribute.Strategy`, or JAX's devices. Raises as they do."""
    if plan.backend == "jax":
        from zoo.training.jax_devices import Devices

        return Devices(plan.strategy, plan.replicas)
    return make_strategy("multiworker" if plan.strategy == "ray" else plan.strategy, plan.replicas, plan.wait)


def in_use(strategy: Any) -> contextlib.AbstractContextManager[None]:
    """What has to be in force while the model is made and trains: nothing in TensorFlow, whose models know their strategy."""
    scope: contextlib.AbstractContextManager[None] = getattr(strategy, "in_use", contextlib.nullcontext)()
    return scope


@functools.cache
def _mirrored(devices: tuple[str, ...]) -> "tf.distribute.Strategy":
    """Made once a process: the collective operations of a second one on the same devices collide with those of the first."""
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(devices)


@functools.cache
def _multiworker(wait: float) -> "tf.distribute.Strategy":
    """Made once a process: TensorFlow's server, which every worker is, cannot be started again."""
    import tensorflow as tf

    wait_for_all(read_cluster(), wait)
    return tf.distribute.MultiWorkerMirroredStrategy()


def _choose_strategy(replicas: int | None, gpus: int) -> str:
    if os.environ.get("TF_CONFIG"):
        return "multiworker"
    return "mirrored" if (replicas or gpus) > 1 else "single"


def _virtual_processors(count: int) -> tuple[str, ...]:
    import tensorflow as tf

    processor = tf.config.list_physical_devices("CPU")[0]
    made = tf.config.get_logical_device_configuration(processor)
    if made is None or len(made) < count:
        try:
            tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * count)
        except RuntimeError:
            raise ValueError(f"{count} replicas must be set up before TensorFlow is used: start a new process") from None
    return tuple(f"CPU:{index}" for index in range(count))


def check_batch_size(batch_size: int, replicas: int) -> None:
    """ValueError unless the batch is shared out evenly."""
    if batch_size % replicas:
        lower = batch_size // replicas * replicas
        raise ValueError(
            f"a batch of {batch_size} cannot be shared by {replicas} replicas; "
            f"take {f'{lower} or ' if lower else ''}{lower + replicas}"
        )


def check_combination(strategy: Any, *, jit: bool = False, steps_per_execution: int = 1) -> None:
    """ValueError where Keras and TensorFlow are known to fail together, with several replicas."""
    if strategy.num_replicas_in_sync == 1 or not hasattr(strategy, "extended"):
        return
    import tensorflow as tf

    if jit and not tf.config.list_physical_devices("GPU"):
        raise ValueError("--jit fails with several replicas on a processor; leave one of them out")
    if steps_per_execution > 1:
        raise ValueError("--steps-per-execution fails with several replicas; leave one of them out")
