"""What can be counted of speed has not grown: benchmarks/counts.json is what it was."""

import json

import pytest

from benchmarks import counts
from benchmarks.networks import multiply_accumulates
from tests.export.networks import stylise

KEPT = json.loads(counts.KEPT.read_text())


@pytest.mark.parametrize("name", counts.NETWORKS)
def test_no_network_has_grown(name):
    assert counts.complaint(name, KEPT["networks"][name], counts.of_network(name)) == ""


@pytest.mark.skipif(counts.place() != KEPT["place"], reason="another Python or system imports modules of its own")
@pytest.mark.parametrize("start", counts.STARTS)
def test_no_start_imports_or_opens_more(start):
    assert counts.complaint(start, KEPT["starts"][start], counts.of_start(counts.STARTS[start])) == ""


def test_what_grew_is_said_in_one_line():
    kept = {"multiply-adds": 1000, "files": 2, "LiteRT nodes": {"ADD": 2, "PAD": 1}}
    now = {"multiply-adds": 2000, "files": 1, "LiteRT nodes": {"PAD": 3, "MUL": 1}}
    assert counts.complaint("style", kept, now) == (
        f"style: multiply-adds 1,000 -> 2,000; LiteRT nodes 3 -> 4 (PAD 1 -> 3, MUL 0 -> 1): {counts.REMEDY}"
    )
    assert counts.complaint("style", now, {**now, "files": 0}) == ""
    assert "files 0 -> 1" in counts.complaint("style", {}, now)


def test_multiply_adds_of_an_onnx_graph_are_those_of_the_network():
    from zoo.export import onnx_format, saved_model
    from zoo.export.signature import signature_of, tensor_specs

    network = stylise(4)
    signature = signature_of(network)
    function = saved_model.trace(network, signature, None, None)
    model = onnx_format.convert(function, signature, tensor_specs(signature, None))
    blended = 2 * 4  # style weights by the norm's factors, which no layer of Keras' own computes
    assert counts.multiply_adds(model, signature) == multiply_accumulates(network, counts.SIDE) + blended
