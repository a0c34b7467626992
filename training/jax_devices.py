"""Where a training on JAX runs: one device of this machine or several, which share every batch."""

import contextlib
from typing import Any

STRATEGIES = ("auto", "single", "mirrored")


class Devices:
    """The devices, with what a training asks of a `tf.distribute.Strategy`; the same batch trains the same on any number.

    JAX splits the step itself: means, batch statistics and pools are those of the whole batch without a word in the model.

    Args:
        name: "auto" (all accelerators there are, as many as `replicas` where that is given, else the processor), "single" or
            "mirrored".
        replicas: how many devices; without accelerators they are virtual, and share the processor.

    Raises:
        ValueError: no such strategy under JAX, or not enough devices.

    Example:
        >>> with Devices("mirrored", replicas=2).in_use():
        ...     model = zoo.create("fast_style")
    """

    cluster_resolver = None  # one process

    def __init__(self, name: str = "auto", replicas: int | None = None) -> None:
        if name not in STRATEGIES:
            raise ValueError(f"--strategy {name} needs the TensorFlow backend; JAX trains on the devices of one machine")
        if name == "single" and replicas not in (None, 1):
            raise ValueError(f"the strategy single has one replica, not {replicas}; leave out --replicas, or use mirrored")
        count = 1 if name == "single" else replicas or (2 if name == "mirrored" else 1)
        devices = _devices(count)
        if name != "single" and replicas is None and devices[0].platform != "cpu":
            count = len(devices)
        if len(devices) < count:
            raise ValueError(f"{count} replicas need {count} devices, and JAX has {len(devices)} in this process")
        self.num_replicas_in_sync = count
        self._names = [f"{device.platform}:{device.id}" for device in devices[:count]]

    def scope(self) -> contextlib.AbstractContextManager[None]:
        """What `tf.distribute` needs where a model is made; JAX has no need of it."""
        return contextlib.nullcontext()

    def in_use(self) -> contextlib.AbstractContextManager[None]:
        """What has to be in force as long as the model trains."""
        import keras

        if self.num_replicas_in_sync == 1:
            return contextlib.nullcontext()
        scope: Any = keras.distribution.DataParallel(devices=self._names, auto_shard_dataset=False).scope()
        return scope


def _devices(virtual: int) -> list[Any]:
    """JAX's devices; of a processor `virtual` ones, where JAX has not counted them yet."""
    import jax

    with contextlib.suppress(RuntimeError):  # it has
        if virtual > 1:
            jax.config.update("jax_num_cpu_devices", virtual)
    return list(jax.devices())
