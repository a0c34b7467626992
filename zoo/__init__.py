"""Picture models in Keras 3. `create` one, `fit` it, `load` it again; `inference_model()` is what gets deployed.

What is public is listed in `__init__.pyi`, and imported when it is first asked for: `import zoo` alone loads no Keras.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
