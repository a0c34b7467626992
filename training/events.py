"""TensorBoard's events, written by TensorBoard's own writer, which needs no TensorFlow."""

import io
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo.training.progress import Record


class Events:
    """Scalars and sheets of samples, in a file of their own in `folder`, out of this process when a call returns.

    Args:
        folder: made if it is not there.

    Raises:
        OSError: it cannot be written, here or in any call.

    Example:
        >>> with Events(Path("run/events")) as events:
        ...     events({"step": 10, "loss": 0.5})
    """

    def __init__(self, folder: Path) -> None:
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        self._folder, self._event, self._summary = folder, event_pb2.Event, summary_pb2.Summary
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = (folder / f"events.out.tfevents.{time.time_ns() // 1000}.{os.getpid()}.zoo").open("xb")
        except OSError as error:
            raise self._explained(error) from None
        self._writer = RecordWriter(file)
        self._write(file_version="brain.Event:2")

    def __call__(self, record: Record) -> None:
        values = [self._summary.Value(tag=name, simple_value=value) for name, value in record.items() if name != "step"]
        self._write(step=int(record["step"]), summary=self._summary(value=values))

    def sheet(self, step: int, sheet: np.ndarray) -> None:
        """A sheet of samples, float32 [H, W, 3] in [0, 1]."""
        file = io.BytesIO()
        Image.fromarray(np.rint(np.clip(sheet, 0, 1) * 255).astype(np.uint8)).save(file, "png")
        height, width, channels = sheet.shape
        image = self._summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=file.getvalue())
        self._write(step=step, summary=self._summary(value=[self._summary.Value(tag="samples/image/0", image=image)]))

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *_: Any) -> None:
        self._writer.close()

    def _write(self, **content: Any) -> None:
        try:
            self._writer.write(self._event(wall_time=time.time(), **content).SerializeToString())
            self._writer.flush()
        except OSError as error:
            raise self._explained(error) from None

    def _explained(self, error: OSError) -> OSError:
        return type(error)(f"cannot write to {self._folder}: {error.strerror}")
