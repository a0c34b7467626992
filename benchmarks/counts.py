"""What can be counted of speed: exact, and the same on a busy machine. Kept in counts.json; a test fails where a count grew.

    python -m benchmarks.counts [--write]

prints what is counted beside what is kept, and puts it there. Of shipped networks: multiply-adds at 256 x 256, bytes of weights,
and the nodes of the ONNX and LiteRT files that the exporter makes of them today, in float32 and for any size. Of commands in a
new process: modules imported, and files opened that are neither code nor what pip keeps of packages.
"""

import argparse
import collections
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

KEPT = Path(__file__).with_suffix(".json")
REMEDY = "make it small again, or, where it is worth what it costs, python -m benchmarks.counts --write and say why in the commit"
NETWORKS = (
    "fast_style/mobile",
    "fast_style/painters",
    "denoiser/photo",
    "super_resolution/x4",
    "unet_inpainter/eraser",
)
STARTS = {"import zoo": [], "zoo list": ["list"], "zoo apply": ["apply", NETWORKS[0], "picture.png", "--out", "out.png"]}
SIDE = 256
# As `zoo` is started; what Python itself imports and opens before counts for nothing.
STARTED = """
import json, sys
opened, before = [], set(sys.modules)
sys.addaudithook(lambda event, arguments: opened.append(str(arguments[0])) if event == "open" else None)
import zoo
if sys.argv[1:]:
    from zoo.cli.main import app
    try: app(sys.argv[1:])
    except SystemExit as exit: assert not exit.code, exit.code
modules, files = sorted(set(sys.modules) - before), list(opened)
print("\\n" + json.dumps([modules, files]))
"""
Counts = dict[str, Any]


def of_network(name: str) -> Counts:
    """A shipped network's multiply-adds, bytes of float32 weights as they are deployed, and nodes by type and format."""
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    import zoo
    from zoo.export import litert, onnx_format, saved_model
    from zoo.export.litert_graph import operations
    from zoo.export.signature import signature_of, tensor_specs

    network = zoo.load(name).inference_model()
    signature = signature_of(network)
    function = saved_model.trace(network, signature, None, None)
    steps = operations(litert.convert(function, network.variables, "float32"))
    model = onnx_format.convert(function, signature, tensor_specs(signature, None))
    return {
        "multiply-adds": multiply_adds(model, signature),
        "weight bytes": sum(4 * math.prod(tensor.dims) for tensor in model.graph.initializer if tensor.data_type == tensor.FLOAT),
        "ONNX nodes": by_number(node.op_type for node in model.graph.node),
        "LiteRT nodes": by_number(step.kind for step in steps),
    }


def by_number(kinds: Iterator[str]) -> dict[str, int]:
    """How many there are of each, the most frequent first."""
    return dict(sorted(collections.Counter(kinds).items(), key=lambda pair: (-pair[1], pair[0])))


def multiply_adds(model: Any, signature: Any) -> int:
    """Those of an ONNX graph's convolutions and matrix products for one picture, by the shapes that a run of it has."""
    import numpy as np
    import onnx
    import onnxruntime

    from zoo.export.signature import example_inputs

    model = onnx.ModelProto.FromString(model.SerializeToString())
    weights = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type in ("Conv", "ConvTranspose", "MatMul", "Gemm")]
    names = {name for node in nodes for name in (*node.input[:2], node.output[0])} - weights.keys()
    names -= {value.name for value in model.graph.input}
    declared = {value.name for value in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(names - declared))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # which would take maps away
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    inputs = example_inputs(signature, [np.zeros((SIDE, SIDE, 3), "float32")], seed=0)
    run = session.run(sorted(names), inputs)
    shapes = weights | {name: list(array.shape) for name, array in zip(sorted(names), run, strict=True)}
    shapes |= {name: list(array.shape) for name, array in inputs.items()}
    return sum(products(node, *(shapes[name] for name in (*node.input[:2], node.output[0]))) for node in nodes)


def products(node: Any, left: list[int], right: list[int], result: list[int]) -> int:
    """Multiply-adds of a node, by the shapes of its operands; kernels are [outputs, inputs, height, width]."""
    if node.op_type == "Conv":
        return math.prod(result) * math.prod(right[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(left) * math.prod(right[1:])
    turned = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
    return math.prod(result) * left[-2 if turned else -1]


def of_start(arguments: list[str]) -> Counts:
    """Modules that a new process imports, and files that it opens: `zoo` with `arguments`, or `import zoo` without any."""
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        Image.new("RGB", (64, 64), "teal").save(Path(folder) / "picture.png")
        words = [str(Path(folder) / word) if word.endswith(".png") else word for word in arguments]
        done = subprocess.run([sys.executable, "-W", "ignore", "-c", STARTED, *words], check=True, capture_output=True, text=True)
    modules, files = json.loads(done.stdout.splitlines()[-1])
    return {"modules": len(modules), "files": sum(not is_code(file) for file in files)}


def is_code(file: str) -> bool:
    return file.endswith((".py", ".pyc", ".pyi", ".so", ".zip")) or ".dist-info" in file


def place() -> str:
    """Where counts of a start are the same: another Python has other modules of its own."""
    return f"Python {sys.version_info[0]}.{sys.version_info[1]} on {sys.platform}"


def grown(kept: Counts, now: Counts) -> dict[str, tuple[int, int]]:
    """What was kept and what is counted, where it is more. Nodes count together; what is new has grown from nothing."""
    pairs = {name: (total(kept.get(name, 0)), total(value)) for name, value in now.items()}
    return {name: (before, after) for name, (before, after) in pairs.items() if after > before}


def total(value: int | dict[str, int]) -> int:
    return sum(value.values()) if isinstance(value, dict) else value


def complaint(title: str, kept: Counts, now: Counts) -> str:
    """One line that says what grew; empty where nothing did."""
    words = []
    for name, (before, after) in grown(kept, now).items():
        more = grown(kept.get(name) or {}, now[name]) if isinstance(now[name], dict) else {}
        kinds = ", ".join(f"{kind} {old} -> {new}" for kind, (old, new) in more.items())
        words.append(f"{name} {before:,} -> {after:,}" + (f" ({kinds})" if kinds else ""))
    return f"{title}: {'; '.join(words)}: {REMEDY}" if words else ""


def lines(title: str, kept: Counts, now: Counts) -> Iterator[str]:
    for name, value in now.items():
        before, after = total(kept.get(name, 0)), total(value)
        yield f"| {title} | {name} | {before:,} | {after:,} | {f'{after - before:+,}' if after != before else ''} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.counts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="keep what is counted")
    write = parser.parse_args().write
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {"networks": {}, "starts": {}}
    now: dict[str, Any] = {"place": place(), "networks": {}, "starts": {}}
    print("| of | what | kept | now | |\n| --- | --- | ---: | ---: | ---: |")
    for part, titles in (("starts", STARTS), ("networks", NETWORKS)):
        for title in titles:
            counts = of_start(STARTS[title]) if part == "starts" else of_network(title)
            now[part][title] = counts
            print("\n".join(lines(title, kept[part].get(title, {}), counts)), flush=True)
    if write:
        KEPT.write_text(json.dumps(now, indent=1) + "\n")


if __name__ == "__main__":
    main()
