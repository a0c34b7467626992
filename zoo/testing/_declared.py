"""What a family says of itself, against what it is."""

import inspect
import json
from typing import Any

import numpy as np

from zoo.testing._subject import Subject, attempt, values


def check_declared(subject: Subject) -> None:
    """Class attributes, the constructor's arguments and `batch_spec` name each other rightly."""
    cls, model = subject.cls, attempt(subject, f"the preset {subject.preset!r} makes no model", subject.model)
    for name in ("task", "paper"):
        subject.require(isinstance(getattr(cls, name, None), str), f"has no {name}: a class attribute, which zoo list shows")
    arguments = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "name")]
    for preset, config in cls.presets.items():
        for key in config:
            subject.require(key in arguments, f"the preset {preset!r} sets {key!r}, which __init__ does not take")
    for name in arguments:
        subject.require(hasattr(model, name), f"__init__ takes {name!r} and model.{name} is not there: keep it as an attribute")
    for name in (*cls.picture_settings.values(), *cls.deployment_settings):
        subject.require(name in arguments, f"{name!r} is declared as a setting, and __init__ does not take it")
    subject.require(model.built, "__init__ must end with self.built = True")
    sources = {tensor.source for tensor in model.batch_spec.values() if hasattr(tensor, "source")}
    for source in sorted(sources - {"data", *cls.source_settings}):
        subject.fail(f"batch_spec takes pictures from {source!r}: name it in source_settings, or nobody can give them")
    for source in sorted(set(cls.source_settings) - sources):
        subject.fail(f"source_settings names {source!r}, and no picture of batch_spec comes from it")
    _check_registered(subject)


def _check_registered(subject: Subject) -> None:
    from zoo._registry import family, name_of

    name = name_of(subject.cls)
    decorated = f"decorate it with @zoo.register({subject.cls.__name__.lower()!r})"
    registered = attempt(subject, f"is not registered: {decorated}", lambda: family(name))
    subject.require(registered is subject.cls, f"another class is registered as {name!r}: {decorated} or another name")


def check_configuration(subject: Subject) -> None:
    """`get_config` makes an equal model again, and is plain data."""
    model = subject.model()
    config = model.get_config()
    attempt(subject, "get_config() is not plain data, as model.keras and config.json need it", lambda: json.dumps(config))
    again = attempt(subject, "from_config(get_config()) fails", lambda: type(model).from_config(config))
    for name, value in config.items():
        subject.require(
            again.get_config()[name] == value,
            f"{name!r} is {value!r}, and after from_config {again.get_config()[name]!r}: keep what __init__ is given",
        )
    shapes, others = ([tuple(variable.shape) for variable in every.variables] for every in (model, again))
    subject.require(shapes == others, "the same configuration makes weights of other shapes: nothing may be drawn in __init__")


def check_keras_file(subject: Subject) -> None:
    """Saved and loaded: the same configuration, weights, optimizer and pictures."""
    import zoo

    model, _ = subject.trained
    file = subject.folder / "model.keras"
    model.save(file)
    loaded: Any = attempt(subject, "model.keras cannot be loaded", lambda: zoo.load(str(file)))
    subject.require(loaded.get_config() == model.get_config(), "a loaded model has another configuration: look at get_config")
    for kind in ("variables", "optimizer.variables"):
        before, after = (every.optimizer.variables if kind != "variables" else every.variables for every in (model, loaded))
        subject.require(len(before) == len(after), f"a loaded model has {len(after)} {kind}, not {len(before)}")
        for variable, one, other in zip(before, values(before), values(after), strict=True):
            subject.require(
                np.array_equal(one, other), f"{variable.path} is not loaded: assign its network to an attribute of the model"
            )
    for setting, pictures in model.pictures.items():
        kept = loaded.pictures.get(setting, [])
        same = len(kept) == len(pictures) and all(map(np.array_equal, kept, pictures))
        subject.require(same, f"the pictures of {setting!r} are not saved: adapt() must give them to keep()")
    asked = [setting for setting, count in model.picture_settings.items() if getattr(model, count)]
    subject.require(set(asked) <= set(model.pictures), f"adapt() does not keep its pictures: call self.keep({asked}=...)")
