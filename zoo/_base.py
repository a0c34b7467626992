"""The base class of every model: adds up its objective once, for one device or many, and leaves the rest to Keras."""

import inspect
from typing import Any, ClassVar

import keras
from keras import ops

from zoo.roles import Signature
from zoo.specs import Spec

DEFAULT_SIGNATURE = "serving_default"


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
        """Takes in the pictures named by `picture_settings`, by name; most families need none."""
        if args or pictures:
            raise ValueError(f"{self.name} is configured with no pictures")

    def recommended_optimizer(self, steps: int | None = None) -> keras.optimizers.Optimizer:
        """Adam at the model's `learning_rate`; used by `compile()` when no optimizer is given.

        Args:
            steps: how many steps the training takes, for families that warm up or decay the rate; None keeps it constant.
        """
        return keras.optimizers.Adam(self.learning_rate)

    def compile(self, optimizer: Any = None, **kwargs: Any) -> None:
        """Keras' compile without a loss: the model states its own. Builds the optimizer, which some strategies need."""
        super().compile(optimizer=optimizer or self.recommended_optimizer(), **kwargs)
        if not hasattr(self, "_term_means"):
            self._term_means = {name: keras.metrics.Mean(name) for name in self.loss_names}
        self.optimizer.build(self.trainable_variables)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        self.compile(**keras.saving.deserialize_keras_object(config))

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

    def _maybe_symbolic_build(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to do: networks are built in `__init__` (Keras' own fails on dict batches with several workers)."""

    def train_step(self, *args: Any) -> Any:
        """Keras' own step; several workers reduce the logs over axis 0, which a scalar lacks."""
        logs = super().train_step(*args)
        if getattr(getattr(self, "distribute_strategy", None), "cluster_resolver", None) is not None:
            logs = {name: ops.reshape(value, (1,)) for name, value in logs.items()}
        return logs

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, by name."""
        arguments = [name for name in inspect.signature(type(self).__init__).parameters if name not in ("self", "name")]
        return {"name": self.name, **{name: getattr(self, name) for name in arguments}}
