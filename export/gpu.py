"""LiteRT's GPU path: a file of fixed size run on it, in a process of its own, since a lost device takes its process along."""

import ctypes
import dataclasses
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from zoo.export import lint
from zoo.export.litert_graph import operations
from zoo.export.manifest import Artifact, GpuRun
from zoo.export.verify import Case, compare

CASES = 2  # pictures; a device in software takes its time
SECONDS = 180.0  # for loading and all of them
NO_DEVICE = "no GPU was found (no Vulkan device), so that none of the files was run on one"
ABSENT = "No adapters found|Couldn't load Vulkan|Failed to initialize WebGPU environment"
LOADER = "libvulkan.so.1"
SIGNATURE = "serving_default"


class NoDevice(ValueError):
    """There is no GPU, not even one in software."""


def check() -> None:
    """Raises NoDevice where nothing could find a GPU; whether there is one, the first run says."""
    if not _loader():
        raise NoDevice(NO_DEVICE)


def runs_on_gpu(artifact: Artifact) -> bool:
    """Whether the file is one for a GPU to try: LiteRT's, of a fixed size."""
    return artifact.format == "litert" and artifact.shape != "dynamic"


def with_run(artifact: Artifact, path: Path, cases: Sequence[Case], seconds: float = SECONDS) -> Artifact:
    """The artefact with what a run of its file found; it stays ready for a GPU if that took all of it and gave its answer."""
    gpu_run = run(path, artifact.precision, cases, seconds)
    return dataclasses.replace(artifact, gpu=gpu_run, gpu_ready=artifact.gpu_ready and gpu_run.accelerated and gpu_run.passed)


def run(path: Path, precision: str, cases: Sequence[Case], seconds: float = SECONDS) -> GpuRun:
    """Runs the first cases on the GPU and compares with the Keras model's answers, by the floor of the precision.

    What falls off the GPU, hangs or ends the process is the finding.

    Raises:
        NoDevice: there is no GPU.
    """
    check()
    nan = float("nan")
    with tempfile.TemporaryDirectory() as folder:
        inputs_file, answers = Path(folder) / "inputs.npz", Path(folder) / "answers.npz"
        inputs = {f"{at}/{name}": value for at, case in enumerate(cases[:CASES]) for name, value in case.inputs.items()}
        np.savez(inputs_file, **inputs)  # type: ignore[arg-type]  # its own options are keywords too
        command = [sys.executable, "-W", "ignore", "-m", "zoo.export.gpu", str(path), str(inputs_file), str(answers)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False)
        except subprocess.TimeoutExpired as expired:
            log = expired.stderr.decode(errors="replace") if isinstance(expired.stderr, bytes) else expired.stderr or ""
            return GpuRun(_device(log), False, nan, False, f"did not finish within {seconds:g} seconds")
        device = _device(done.stderr)
        if done.returncode:
            if not device and re.search(ABSENT, done.stderr):
                raise NoDevice(NO_DEVICE)
            return GpuRun(device, False, nan, False, _failure(done))
        outputs: list[dict[str, np.ndarray]] = [{} for _ in cases[:CASES]]
        with np.load(answers) as arrays:
            for key in arrays.files:
                at, _, name = key.partition("/")
                outputs[int(at)][name] = arrays[key]
    parity = compare([case.expected for case in cases[:CASES]], outputs, precision)
    accelerated = bool(json.loads(done.stdout.splitlines()[-1])["accelerated"])
    notes = "" if accelerated else "; ".join(_fallen(done.stderr, path)) or "a part of it runs on the processor"
    return GpuRun(device, accelerated, parity.max_abs, parity.passed, notes)


def _loader() -> bool:
    """Whether there is a Vulkan loader; elsewhere than on Linux, LiteRT finds a GPU in other ways."""
    if not sys.platform.startswith("linux"):
        return True
    folders = [folder for folder in os.environ.get("LD_LIBRARY_PATH", "").split(":") if folder]
    if any((Path(folder) / LOADER).exists() for folder in folders):  # set for the processes to come, not for this one
        return True
    try:
        ctypes.CDLL(LOADER)
    except OSError:
        return False
    return True


def _device(log: str) -> str:
    """The adapter that LiteRT chose, such as `SwiftShader Device (Subzero), Vulkan, CPU / Software`; "" for none."""
    match = re.search(r"Selected adapter: (.+?), arch=.*?backend=([^,\n]+), adapterType=([^,\n]+)", log)
    return ", ".join(part.strip() for part in match.groups()) if match else ""


def _failure(done: subprocess.CompletedProcess[str]) -> str:
    if done.returncode < 0:
        return f"signal {-done.returncode} ended its process: the device was lost, its driver failed, or the file is damaged"
    lines = [line.strip(" \t\N{BOX DRAWINGS LIGHT UP AND RIGHT}") for line in done.stderr.splitlines()]
    return f"did not run: {next((line for line in reversed(lines) if 'ERROR' in line or 'Error' in line), 'no message')}"


def _fallen(log: str, path: Path) -> list[str]:
    """What LiteRT left to the processor, by operation and place, each with the remedy; a place by its layers' paths."""
    match = re.search(r"operations are not supported by GPU delegate:\n(.*?)\n\d+ operations will run", log, re.DOTALL)
    lines = [line.strip() for line in match[1].splitlines() if line.strip()] if match else []
    steps = operations(path.read_bytes())
    told = []
    for line in lines:
        kind = line.partition(":")[0]
        places = dict.fromkeys(step.name.split(";")[0] for step in steps if step.kind == kind)
        where = "" if any(place in line for place in places) else f" in {', '.join(places)}" if places else ""
        told.append(f"{line}{where} ({lint.remedy(line)})")
    return told


def _child(file: str, inputs_file: str, answers: str) -> None:
    from ai_edge_litert.compiled_model import CompiledModel
    from ai_edge_litert.hardware_accelerator import HardwareAccelerator

    try:
        model, accelerated = CompiledModel.from_file(file, hardware_accel=HardwareAccelerator.GPU), True
    except RuntimeError as error:
        if "not accelerated" not in str(error):
            raise
        both = HardwareAccelerator.GPU | HardwareAccelerator.CPU
        model, accelerated = CompiledModel.from_file(file, hardware_accel=both), False
    details = model.get_output_tensor_details(SIGNATURE)
    results = {}
    with np.load(inputs_file) as inputs:
        cases = sorted({key.partition("/")[0] for key in inputs.files})
        for case in cases:
            names = [key.partition("/")[2] for key in inputs.files if key.startswith(f"{case}/")]
            buffers = {name: model.create_input_buffer_by_name(SIGNATURE, name) for name in names}
            for name, buffer in buffers.items():
                buffer.write(np.ascontiguousarray(inputs[f"{case}/{name}"]))
            outputs = {name: model.create_output_buffer_by_name(SIGNATURE, name) for name in details}
            model.run_by_name(SIGNATURE, buffers, outputs)
            for name, buffer in outputs.items():
                shape = details[name]["shape"]
                results[f"{case}/{name}"] = buffer.read(int(np.prod(shape)), details[name]["dtype"]).reshape(shape)
    np.savez(answers, **results)
    print(json.dumps({"accelerated": accelerated}), flush=True)
    os._exit(0)  # the answers are there: what a driver does while it is taken down is no finding


if __name__ == "__main__":
    _child(*sys.argv[1:])
