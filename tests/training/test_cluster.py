"""Waiting for the workers of a cluster: all of them, or one line that says which have not come."""

import socket
import threading

import pytest

from tests.training.processes import free_addresses, tf_config
from zoo.training.cluster import Cluster, read_cluster, wait_for_all


def test_read(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", tf_config(["a:1", "b:2"], 1))
    assert read_cluster() == Cluster(("a:1", "b:2"), 1)
    chief = '{"cluster": {"chief": ["c:1"], "worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}'
    monkeypatch.setenv("TF_CONFIG", chief)
    assert read_cluster() == Cluster(("c:1", "a:1"), 1)


def test_all_come():
    addresses = tuple(free_addresses(3))
    workers = [threading.Thread(target=wait_for_all, args=(Cluster(addresses, index), 60)) for index in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()


def test_one_never_comes():
    first, second = free_addresses(2)
    with pytest.raises(TimeoutError, match=rf"^after 0.6 s these workers have not come: {second}; .*this one is {first}\)$"):
        wait_for_all(Cluster((first, second), 0), 0.6)


def test_a_port_in_use():
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(OSError, match=f"cannot listen at {address}, .*: Address already in use"):
            wait_for_all(Cluster((address, "127.0.0.1:1"), 0), 5)
