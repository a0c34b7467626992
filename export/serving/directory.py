"""DIR/serving: what TensorFlow Serving's official image needs to serve an export, and a client to try it with."""

import importlib.resources
import string
from pathlib import Path

from zoo.export.serving.configuration import FILE, first_configuration
from zoo.roles import Signature

NO_ROLES = "ROLES: dict[str, dict[str, Any]] = {}"  # the line of client.py that an export fills in

# Pictures of any size cannot share a batch: TensorFlow Serving stacks the inputs of several requests into one tensor.
BATCHED = """
    - --enable_batching=true
    - --batching_parameters_file=/serving/batching.config"""
NOT_BATCHED = """
    # Requests are not batched: those for pictures of different sizes would be refused. Where all have one size, add
    # - --enable_batching=true
    # - --batching_parameters_file=/serving/batching.config"""


def write(name: str, signature: Signature, tensorflow: str, directory: Path) -> None:
    """Writes the folder into an export's directory. `tensorflow` is the version that wrote the SavedModel."""
    folder = directory / FILE.parent
    folder.mkdir()
    (directory / FILE).write_text(first_configuration(name), encoding="utf-8")
    values = {"name": name, "tensorflow": tensorflow, "batching": NOT_BATCHED if signature.free_size else BATCHED}
    for file in ("docker-compose.yml", "batching.config"):
        template = importlib.resources.files("zoo.export") / "templates" / file
        text = string.Template(template.read_text(encoding="utf-8")).substitute(values)
        (folder / file).write_text(text, encoding="utf-8")
    client = importlib.resources.files("zoo.export.serving") / "client.py"
    text = client.read_text(encoding="utf-8")
    (folder / "client.py").write_text(text.replace(NO_ROLES, f"{NO_ROLES[:-2]}{_literal(signature)}"), encoding="utf-8")


def _literal(signature: Signature) -> str:
    """The inputs' roles by name, in Python."""
    rows = (f"    {name!r}: {role.to_json()!r},\n" for name, role in signature.inputs.items())
    return "{\n" + "".join(rows) + "}"
