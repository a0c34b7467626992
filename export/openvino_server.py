"""What OpenVINO Model Server needs to serve an export: its configuration, and a composition that lays the files out for it."""

import importlib.resources
import json
import string
from pathlib import Path

from zoo.export.manifest import Artifact, Manifest
from zoo.export.openvino_format import EXACT, weights_of

CONFIGURATION, COMPOSITION = "models.json", "docker-compose.yml"


def write(manifest: Manifest, directory: Path) -> None:
    """Writes both into DIR/openvino, for the file that is most like the model; neither where none passed its floor."""
    served = _served(manifest)
    if served is None:
        return
    config = {"name": manifest.model, "base_path": f"/models/{manifest.model}", "target_device": "CPU", "plugin_config": EXACT}
    text = json.dumps({"model_config_list": [{"config": config}]}, indent=2)
    (directory / "openvino" / CONFIGURATION).write_text(text + "\n", encoding="utf-8")
    path = Path(served.path)
    values = {"name": manifest.model, "graph": path.name, "weights": weights_of(path).name}
    template = importlib.resources.files("zoo.export") / "templates" / "openvino" / COMPOSITION
    composition = string.Template(template.read_text(encoding="utf-8")).substitute(values)
    (directory / "openvino" / COMPOSITION).write_text(composition, encoding="utf-8")


def _served(manifest: Manifest) -> Artifact | None:
    """Any size before a fixed one, and in the order of the precisions."""
    passed = [a for a in manifest.artifacts if a.format == "openvino" and a.parity.passed]
    return min(passed, key=lambda artifact: artifact.shape != "dynamic", default=None)
