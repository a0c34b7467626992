"""Picture models in Keras 3. `create` one, `fit` it, `load` it again; `inference_model()` is what gets deployed.

What is public is listed in `__init__.pyi`, and imported when it is first asked for: `import zoo` alone loads no Keras.
"""

import contextlib
import os
import sys
from typing import Any

import lazy_loader

__version__ = "0.1.0"

_imported, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def __getattr__(name: str) -> Any:
    if "tensorflow" in sys.modules:
        return _imported(name)
    from zoo.common.stderr import silenced_stderr

    # TensorFlow's C++ part begins with ten lines about CUDA and oneDNN, some of them before it can be told not to.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silenced_stderr() if os.environ["TF_CPP_MIN_LOG_LEVEL"] == "3" else contextlib.nullcontext():
        return _imported(name)
