"""The ONNX files beside the shipped weights, by which `zoo apply` and `zoo.open` run them without Keras.

    python -m zoo.cli.ship [NAME...]

Every shipped weight that makes a picture of a picture of any size has one: made from its `.keras` file, compared with it on real
pictures, listed in index.json with the checksum of the weights that it was made of. Those that are up to date are left as they
are; `python -m zoo.training.ship` calls this for the weight that it writes.
"""

import argparse
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from zoo import _shipped, roles
from zoo.cli.printable import printable
from zoo.common.files import replacing

OF = "keras_sha256"  # in the file's metadata: the .keras file that it was made of


def convert(name: str, file: Path) -> float | None:
    """Writes the ONNX file of a shipped weight; returns its largest difference to Keras.

    None for what does not take a picture of any size.

    Raises:
        ValueError: it differs by more than the floor of a float32 file.
    """
    import zoo
    from zoo.cli.card import card_facts
    from zoo.cli.verify import verification_pictures
    from zoo.export import metadata, onnx_format, saved_model
    from zoo.export.exporter import digest_of
    from zoo.export.onnx_storage import stored_in_half
    from zoo.export.runtimes import KerasRuntime, load
    from zoo.export.signature import tensor_specs
    from zoo.export.verify import References, compare

    source = _shipped.shipped(name)
    model = zoo.load(name)
    if not (model.deployable and model.signature.picture_inputs and model.signature.output(roles.Result)):
        return None
    if model.signature.own_size:  # not for a person's photographs; room in the wheel is for those that are
        return None
    reference = KerasRuntime(source)
    signature = reference.signature
    traced = saved_model.trace(reference.network, signature, None, None)
    network = onnx_format.convert(traced, signature, tensor_specs(signature, None, None))
    file.write_bytes(stored_in_half(network).SerializeToString())
    about = {"task": model.task, "paper": model.paper, **card_facts(name)}
    facts = metadata.facts_of(model.name, reference.signatures, digest_of(reference.network), about)
    of = hashlib.sha256(source.read_bytes()).hexdigest()
    metadata.write(file, {**facts, **metadata.parity_fact("float32"), "card": f"{source.stem}.md", OF: of})
    cases = References(reference, verification_pictures("samples:")).cases(None)
    runtime = load(file)
    parity = compare([case.expected for case in cases], [runtime(**case.inputs) for case in cases], "float32")
    if not parity.passed:
        raise ValueError(f"{name}: the ONNX file is {parity.max_abs:.1e} from the Keras model, and may be {parity.floor:g}")
    return parity.max_abs


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m zoo.cli.ship", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="shipped weights; those that are not up to date unless given")
    names = parser.parse_args().names
    from zoo.cli.quiet import import_tensorflow

    import_tensorflow()
    for name in names or [name for name in _shipped.shipped_weights() if _shipped.shipped_onnx(name) is None]:
        target = _shipped.shipped(name).with_suffix(".onnx")
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / target.name
            difference = convert(name, made)
            if difference is None:
                print(printable(f"{name}: takes no picture of any size"))
                continue
            with replacing(target) as temporary:
                temporary.write_bytes(made.read_bytes())
        entry = listed(name, target)
        size = f"{entry['bytes'] / 1e6:.2f} MB"
        print(printable(f"{target.name}: {size}, differs from the Keras model by at most {difference:.1e}"), flush=True)


def listed(name: str, target: Path) -> dict[str, Any]:
    """Writes what is known of the ONNX file into index.json."""
    file = _shipped.WEIGHTS / "index.json"
    index = json.loads(file.read_text(encoding="utf-8"))
    content = target.read_bytes()
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), "of": index[name]["sha256"]}
    index[name]["onnx"] = entry
    with replacing(file) as temporary:
        temporary.write_text(json.dumps(index, indent=2) + "\n")
    return entry


if __name__ == "__main__":
    main()
