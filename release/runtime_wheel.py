"""A second distribution of the same tree, for who only applies models: keras-image-zoo-runtime, in a tenth of the space.

    python -m release.runtime_wheel --out dist

As tflite-runtime is to TensorFlow: the same importable name and commands, without Keras, TensorFlow and the `.keras` files. It is
installed in place of keras-image-zoo, not beside it. Extras cannot take requirements away, which is why it has a name of its own.
"""

import argparse
import configparser
import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "keras-image-zoo-runtime"
REQUIRES = ("onnxruntime", "numpy", "lazy_loader", "pillow", "click", "rich")
EXTRAS = ("heif", "video", "provenance")
LITERT = "ai-edge-litert"  # the extra `litert`, for files of that kind
LEFT_OUT = ("weights/*.npz", "weights/*/*.keras")


def configuration(text: str) -> str:
    """setup.cfg of the whole package, made that of the small one."""
    setup = configparser.ConfigParser()
    setup.read_string(text)
    needed = setup["options"]["install_requires"].split("\n")
    ranges = {line.split(" ")[0]: line for line in needed if line}
    setup["metadata"]["name"] = NAME
    setup["metadata"]["description"] = "Runs the picture models of keras-image-zoo, and what it exports, without Keras"
    setup["options"]["install_requires"] = lines(ranges[name] for name in REQUIRES)
    extras = setup["options.extras_require"]
    setup["options.extras_require"] = {**{name: extras[name] for name in EXTRAS}, "litert": lines([ranges[LITERT]])}
    data = setup["options.package_data"]
    data["zoo"] = ", ".join(pattern for pattern in data["zoo"].split(", ") if pattern not in LEFT_OUT)
    written = io.StringIO()
    setup.write(written)
    return written.getvalue()


def lines(texts: Iterable[str]) -> str:
    return "\n" + "\n".join(texts)


def build(out: Path) -> Path:
    """Writes the wheel into the folder `out`, and returns it. Raises CalledProcessError with what pip said."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "source"
        for name in ("zoo", "training", "export", "cli"):
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.keras"))
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, copy / name)
        (copy / "setup.cfg").write_text(configuration((ROOT / "setup.cfg").read_text(encoding="utf-8")), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(out),
            str(copy),
        ]
        subprocess.run(command, check=True)
    return max(out.glob(f"{NAME.replace('-', '_')}-*.whl"), key=lambda file: file.stat().st_mtime)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m release.runtime_wheel", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("dist"), help="folder of the wheel")
    wheel = build(parser.parse_args().out)
    print(f"{wheel}: {wheel.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
