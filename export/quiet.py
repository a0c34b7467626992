"""Keeps the chatter of third-party converters and runtimes, much of it written by C++ straight to the terminal, off it."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

from zoo.common.stderr import silenced_stderr

# Warnings of third parties that say nothing about the model: (category, module pattern, message pattern).
KNOWN_WARNINGS = (
    (UserWarning, r"onnxconverter_common", r"the float32 number .* will be truncated"),
    (UserWarning, r"ai_edge_litert", r"Warning: Enabling `experimental_preserve_all_tensors`"),
)


@contextlib.contextmanager
def quiet(debug: bool = False) -> Iterator[None]:
    """Hides what is written to the process' standard error and logged below an error, unless `debug`."""
    if debug:
        yield
        return
    disabled = logging.root.manager.disable
    with silenced_stderr(), warnings.catch_warnings():
        for category, module, message in KNOWN_WARNINGS:
            warnings.filterwarnings("ignore", message, category, module)
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(disabled)
