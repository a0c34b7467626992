"""The base class of every model: adds up its objective once, for one device or many, and leaves the rest to Keras."""

import contextlib
import inspect
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from zoo._answer import answer, checked, deployed, is_picture
from zoo._batch_check import check_data, check_types, explain_missing
from zoo.roles import Signature
from zoo.specs import Spec

DEFAULT_SIGNATURE = "serving_default"
_PICTURE = "picture of "  # before the keys of pictures among a model's own variables in a `.keras` file


class ExampleMean(keras.losses.Loss):
    """The mean over examples. Keras divides a Loss by the number of replicas, which a bare `ops.mean` would miss."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return y_pred


class ImageModel(keras.Model):
    """A picture model that states its objective and trains with the stock `compile()` and `fit()`.

    A family composes functional networks in `__init__`, sets `self.built = True`, and defines:

    - `call(batch, training)`: the named outputs that the objective needs, from the batch's dict;
    - `loss_names` and `loss_terms(batch, outputs)`: the objective, term by term, weighted, per example or scalar;
    - `batch_spec`: the tensors that a batch holds;
    - `signature`: what is deployed takes and gives, as roles (`zoo.roles`), and `inference_model()`: the functional network that
      does it, from `deployed_inputs()` to named outputs;
    - `samples(batch)`: titled columns of pictures to look at while it trains; one that restores pictures has `original` last and
      its own answer before that.

    The constructor's arguments are the configuration, each kept as an attribute of the same name.
    """

    task: ClassVar[str]
    paper: ClassVar[str]
    presets: ClassVar[dict[str, dict[str, Any]]]
    # Pictures that the model is configured with (`adapt(style=[...])`): setting -> the argument that counts them.
    picture_settings: ClassVar[dict[str, str]] = {}
    # Of those, the ones whose pictures have names: setting -> the argument that holds them.
    name_settings: ClassVar[dict[str, str]] = {}
    # Those of them whose transparency counts: given as [H, W, 4] where the file has any.
    alpha_settings: ClassVar[tuple[str, ...]] = ()
    # Further sources of training pictures, named in `batch_spec`: `--set style=folder:paintings`.
    source_settings: ClassVar[tuple[str, ...]] = ()
    deployable: ClassVar[bool] = True
    # What the family's own name does to pictures without any training: "paint" or "compose"; "" for one that is trained first.
    untrained: ClassVar[str] = ""
    # Whether it has `mix_styles`, for sheets of pictures with the coarse, middle or fine styles of others.
    mixes_styles: ClassVar[bool] = False
    # Examples a step where nothing else is asked for.
    recommended_batch_size: ClassVar[int] = 4
    # Settings that choose what is deployed, and may be changed after training.
    deployment_settings: ClassVar[tuple[str, ...]] = ()
    # The values that the picture of a plain call may have.
    picture_range: ClassVar[tuple[float, float]] = (0.0, 1.0)
    # Settings that are files of this machine, of which a saved model keeps the names alone.
    file_settings: ClassVar[tuple[str, ...]] = ("feature_weights",)

    @property
    def batch_spec(self) -> dict[str, Spec]:
        raise NotImplementedError

    @property
    def loss_names(self) -> tuple[str, ...]:
        raise NotImplementedError

    def loss_terms(self, batch: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    @property
    def signature(self) -> Signature:
        """What `inference_model()` takes and gives."""
        raise NotImplementedError

    @property
    def signatures(self) -> dict[str, Signature]:
        """What each of `inference_models()` takes and gives."""
        return {DEFAULT_SIGNATURE: self.signature}

    def deployed_inputs(self, signature: Signature | None = None) -> dict[str, Any]:
        """Keras inputs for every role of the signature, by name; that of `inference_model()` unless another is given."""
        roles = (signature or self.signature).inputs.values()
        return {role.name: keras.Input(role.sized(None, None)[1:], dtype=role.dtype, name=role.name) for role in roles}

    def inference_model(self) -> keras.Model:
        raise NotImplementedError

    def inference_models(self) -> dict[str, keras.Model]:
        """What is deployed, by signature name; one signature unless a family has more."""
        return {DEFAULT_SIGNATURE: self.inference_model()}

    def deployable_networks(self) -> list[keras.Model]:
        """Every network that `deployment_settings` can choose: what a shipped weight has to hold."""
        return list(self.inference_models().values())

    def samples(self, batch: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError

    def figures(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Figures of merit beyond the objective, by name, an array [N] each, for `zoo evaluate`; most families have none."""
        return {}

    def adapt(self, *args: Any, **pictures: Any) -> None:
        """Takes in the pictures named by `picture_settings`, by name; most families need none.

        A family that does brings them to the size that its objective needs, calls `keep`, then `prepare`.
        """
        if args or pictures:
            raise ValueError(f"{self.name} is configured with no pictures")

    @property
    def pictures(self) -> dict[str, list[np.ndarray]]:
        """What the model is configured with, by setting, as its objective takes it: float32 [H, W, C] each. Saved with it."""
        return vars(self).get("_pictures", {})

    def keep(self, **pictures: Any) -> None:
        """Makes `pictures` those that the model is configured with; nothing forgets them all, as a file that ships does."""
        kept = {setting: [np.asarray(picture, "float32") for picture in several] for setting, several in pictures.items()}
        object.__setattr__(self, "_pictures", kept)  # past Keras, which would track them

    def prepare(self) -> None:
        """Makes ready what the objective needs beside the weights: a feature network, the targets that `pictures` give.

        Called outside of any trace, by `compile` and before the first step of `fit` and `evaluate`; most families need nothing.
        """

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam at the model's `learning_rate`; used by `compile()` when no optimizer is given.

        Args:
            steps: how many steps the training takes, for families that warm up or decay the rate; None keeps it constant.
        """
        return keras.optimizers.Adam(self.learning_rate)

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """Keras' compile without a loss: the model states its own. Builds the optimizer, which some strategies need."""
        self._compile(optimizer, **kwargs)
        self.prepare()

    def _compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        super().compile(optimizer=optimizer or self.recommended_optimizer(), **kwargs)
        if not hasattr(self, "_term_means"):
            self._term_means = {name: keras.metrics.Mean(name) for name in self.loss_names}
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Restores the optimizer alone: a loaded model must work where the feature network cannot be had."""
        self._compile(**keras.saving.deserialize_keras_object(config))

    def make_train_function(self, force: bool = False) -> Any:
        """Keras' own, with the objective made ready, which a loaded model has not been."""
        self._prepare_in_place()
        return super().make_train_function(force)

    def make_test_function(self, force: bool = False) -> Any:
        self._prepare_in_place()
        return super().make_test_function(force)

    def _prepare_in_place(self) -> None:
        strategy = getattr(self, "distribute_strategy", None)
        with strategy.scope() if strategy else contextlib.nullcontext():
            self.prepare()

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The sum of the terms' means over examples, scaled for the number of replicas."""
        mean = ExampleMean()
        total = 0.0
        for name, value in self.loss_terms(x, y_pred).items():
            self._term_means[name].update_state(value)
            total += mean(0.0, ops.reshape(value, (-1,)))
        return total

    @property
    def updates(self) -> Any:
        """How often the optimizer has moved the weights; right in a traced step too, where JAX has the number as an argument."""
        return vars(self).get("_updates", self.optimizer.iterations)

    def compute_loss_and_updates(self, *args: Any, optimizer_variables: Any = None, **kwargs: Any) -> Any:
        """Keras' own, on JAX alone: the objective is shown the values of the model's variables, not of the optimizer's."""
        values = zip(self.optimizer.variables, optimizer_variables or (), strict=False)
        counters = [value for variable, value in values if variable is self.optimizer.iterations]
        if counters:
            object.__setattr__(self, "_updates", counters[0])
        try:
            return super().compute_loss_and_updates(*args, optimizer_variables=optimizer_variables, **kwargs)
        finally:
            self.__dict__.pop("_updates", None)

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: networks are built in `__init__` (Keras' own fails on dict batches with several workers)."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """On a batch what the objective needs; on plain pictures, [H, W, C] or [N, H, W, C] in [0, 1], the deployed answer."""
        if args and is_picture(args[0]):
            return answer(self, args[0])
        try:
            return super().__call__(*args, **kwargs)
        except KeyError:
            if args and isinstance(args[0], Mapping):
                explain_missing(self.name, self.batch_spec, args[0])
            raise

    def predict(self, x: Any, batch_size: int | None = None, **kwargs: Any) -> Any:
        """Keras' own on batches; on plain pictures, or a dataset of them, the deployed answer, an array like them."""
        if is_picture(x):
            batch_size = batch_size or self.recommended_batch_size
            x, single = checked(self, x)
            if single:
                return keras.tree.map_structure(lambda output: ops.convert_to_numpy(output)[0], answer(self, x))
        elif not isinstance(getattr(x, "element_spec", x), Mapping):
            deployed(self)  # before anything is traced
        return super().predict(x, batch_size, **kwargs)

    def fit(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Keras' own. ValueError says in one line what is wrong with the keys, types, shapes and values of the first batch."""
        check_data(self.name, self.batch_spec, x)
        return super().fit(x, *args, **kwargs)

    def evaluate(self, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Keras' own; checks its batches as `fit` does."""
        check_data(self.name, self.batch_spec, x)
        return super().evaluate(x, *args, **kwargs)

    def train_step(self, *args: Any) -> Any:
        """Keras' own step; several workers reduce the logs over axis 0, which a scalar lacks."""
        check_types(self.name, self.batch_spec, args[-1])  # once a trace
        logs = super().train_step(*args)
        if getattr(getattr(self, "distribute_strategy", None), "cluster_resolver", None) is not None:
            logs = {name: ops.reshape(value, (1,)) for name, value in logs.items()}
        return logs

    def configuration(self) -> dict[str, Any]:
        """The constructor's arguments, by name."""
        arguments = [name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "name")]
        return {"name": self.name, **{name: getattr(self, name) for name in arguments}}

    def get_config(self) -> dict[str, Any]:
        """`configuration()` as it is saved: of a local file its name, not where it lies."""
        config = self.configuration()
        files = {name: pathlib.Path(config[name]).name for name in self.file_settings if config.get(name)}
        return config | files

    def fresh_copy(self) -> "ImageModel":
        """A new model of the same configuration and pictures, with weights of its own."""
        copy = type(self)(**self.configuration())
        copy.keep(**self.pictures)
        return copy

    def save_own_variables(self, store: Any) -> None:
        """Keras' own, and the pictures that the model is configured with."""
        super().save_own_variables(store)
        for setting, pictures in self.pictures.items():
            for place, picture in enumerate(pictures):
                store[f"{_PICTURE}{setting} {place}"] = picture

    def load_own_variables(self, store: Any) -> None:
        """Keras' own, and the pictures, where the file has any and the model has none."""
        keys = [key for key in store.keys() if key.startswith(_PICTURE)]  # noqa: SIM118 (a store iterates over nothing)
        super().load_own_variables({key: store[key] for key in store.keys() if key not in keys})  # noqa: SIM118
        saved = {
            setting: [np.asarray(store[key]) for key in sorted(keys, key=_place) if key.startswith(f"{_PICTURE}{setting} ")]
            for setting in self.picture_settings
        }
        fits = all(len(saved[setting]) == getattr(self, count) for setting, count in self.picture_settings.items())
        if keys and fits and not self.pictures:
            self.keep(**saved)


def _place(key: str) -> int:
    return int(key.rpartition(" ")[2])
