"""Several machines: who they are, waiting until all are there, and making sure that they do the same."""

import contextlib
import dataclasses
import functools
import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from zoo.training.checkpoint import Checkpoint
from zoo.training.record import PICTURES, differences

_FORM = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers' addresses ("host:port"), the chief's first, and which of them this process is."""

    addresses: tuple[str, ...]
    index: int


def read_cluster() -> Cluster:
    """What the environment variable TF_CONFIG says.

    Raises:
        ValueError: it is missing, no JSON, or does not name this worker.
    """
    text = os.environ.get("TF_CONFIG", "")
    try:
        config = json.loads(text)
    except json.JSONDecodeError as error:
        fault = f"is not JSON ({error})" if text else "is not set"
        raise ValueError(f"multiworker needs the environment variable TF_CONFIG to be like {_FORM}; it {fault}") from None
    try:
        jobs, task = config["cluster"], config["task"]
        chiefs, workers = jobs.get("chief", []), jobs.get("worker", [])
        kind, index = task["type"], task["index"]
        job = {"chief": chiefs, "worker": workers}[kind]
        sound = isinstance(chiefs, list) and isinstance(workers, list) and isinstance(index, int)
        addresses = tuple(chiefs) + tuple(workers)
        sound = sound and all(address.rpartition(":")[2].isdigit() for address in addresses)
    except (KeyError, TypeError, AttributeError):
        sound = False
    if not sound:
        raise ValueError(f"multiworker needs the environment variable TF_CONFIG to be like {_FORM}, not {text}")
    if not 0 <= index < len(job):
        raise ValueError(f"TF_CONFIG gives this {kind} the index {index}, of {len(job)} {kind}s")
    if len(set(addresses)) < len(addresses):
        raise ValueError(f"TF_CONFIG names an address twice: {', '.join(addresses)}")
    return Cluster(addresses, index + (len(chiefs) if kind == "worker" else 0))


def wait_for_all(cluster: Cluster, seconds: float) -> None:
    """Returns when every worker has come to this line; TensorFlow itself would wait for ever for one that does not come.

    Each tells all others which one it is, and listens at its own address until it has heard from all of them.

    Raises:
        TimeoutError: some have not come; the line names their addresses.
        OSError: this worker's own port is in use.
    """
    others = set(range(len(cluster.addresses))) - {cluster.index}
    told: set[int] = set()
    heard: set[int] = set()
    deadline = time.monotonic() + seconds
    own_address = cluster.addresses[cluster.index]
    with _listening(own_address) as own:
        while told != others or heard != others:
            if time.monotonic() > deadline:
                missing = ", ".join(cluster.addresses[index] for index in sorted(others - (told & heard)))
                raise TimeoutError(
                    f"after {seconds:g} s these workers have not come: {missing}; start the same command on every machine that "
                    f"TF_CONFIG names, and see that they reach one another (this one is {own_address})"
                )
            told |= {index for index in others - told if _tell(cluster.addresses[index], cluster.index)}
            heard |= _hear(own) & others


@contextlib.contextmanager
def _listening(address: str) -> Iterator[socket.socket]:
    """A socket at the port of this worker, which waits half a second for who comes."""
    own = socket.socket(socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET)
    with own:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            if own.family == socket.AF_INET6:
                own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            own.bind(("", int(address.rpartition(":")[2])))
            own.listen(128)
        except OSError as error:
            raise OSError(f"cannot listen at {address}, this worker's address in TF_CONFIG: {error.strerror}") from None
        own.settimeout(0.5)
        yield own


def _tell(address: str, index: int) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=1) as connection:
            connection.sendall(f"{index}\n".encode())
    except OSError:
        return False
    return True


def _hear(own: socket.socket) -> set[int]:
    with contextlib.suppress(OSError, ValueError):
        connection, _ = own.accept()
        with connection:
            connection.settimeout(1)
            return {int(connection.recv(16))}
    return set()


def is_first(strategy: Any) -> bool:
    """Whether this process is the one that writes."""
    return strategy.cluster_resolver is None or read_cluster().index == 0


def agreed(strategy: Any, record: dict[str, Any], begin: Callable[[], Checkpoint]) -> Checkpoint:
    """The checkpoint that `begin` finds, if all workers have the same record, and find one of the same step.

    Raises:
        ValueError: this worker or another failed, or they differ; the line says in what.
        OSError: the same, of this worker's files.
    """
    records = exchanged(strategy, record)
    for index, other in enumerate(records):
        if unlike := _disagreements(records[0], other, _name(index)):
            raise ValueError(f"the workers do not do the same: {'; '.join(unlike)}")
    checkpoint, fault = Checkpoint(), None  # type: Checkpoint, Exception | None
    try:
        checkpoint = begin()
    except (ValueError, OSError) as error:
        fault = error
    outcomes = exchanged(strategy, {"step": checkpoint.step, "fault": fault and str(fault)})
    if fault is not None:
        raise fault
    for index, outcome in enumerate(outcomes):
        if outcome["fault"]:
            raise ValueError(f"{_name(index)} cannot begin: {outcome['fault']}")
        if outcome["step"] != outcomes[0]["step"]:
            raise ValueError(
                f"worker 0 goes on from step {outcomes[0]['step']}, {_name(index)} from step {outcome['step']}: "
                "--out must be one directory that all workers share"
            )
    return checkpoint


def _name(index: int) -> str:
    return f"worker {index} ({read_cluster().addresses[index]})" if index else "worker 0"


def _disagreements(first: dict[str, Any], other: dict[str, Any], name: str) -> list[str]:
    differing = differences(first, other)
    for section, names in (("versions", first["versions"]), ("run", ("steps", "log_every", "checkpoint_every", "metrics_every"))):
        pairs = [(key, first[section][key], other[section].get(key)) for key in names]
        differing += [(section, key, one, two) for key, one, two in pairs if one != two]
    return [
        f"the pictures of {key!r} are others on {name}" if section in PICTURES else f"{key} is {one} on worker 0, {two} on {name}"
        for section, key, one, two in differing
    ]


def exchanged(strategy: Any, value: Any) -> list[Any]:
    """The JSON value that every worker of the strategy calls this with, by worker; one process gives back its own."""
    if strategy.cluster_resolver is None:
        return [value]
    import tensorflow as tf

    text = np.frombuffer(f"{json.dumps(value, default=str)}\n".encode(), np.uint8)
    gathered = strategy.experimental_local_results(_gather(strategy)(tf.constant(text, tf.float32)))[0]
    lines = np.asarray(gathered).astype(np.uint8).tobytes().splitlines()
    return [json.loads(line) for line in lines[:: len(lines) // len(read_cluster().addresses)]]  # one of each worker's replicas


@functools.cache
def _gather(strategy: Any) -> Any:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def gather(values: Any) -> Any:
        return strategy.run(lambda: tf.distribute.get_replica_context().all_gather(tf.identity(values), axis=0))

    return gather
