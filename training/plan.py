"""The plan of a training: every option once; command line, record, resume check and documentation are made from it."""

# ruff: noqa: RUF009 - `option` makes a dataclass field, as `dataclasses.field` does

import dataclasses
import numbers
import operator
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")
SCHEDULES = ("constant", "cosine")
BACKENDS = ("tensorflow", "jax")
TRACKERS = ("tensorboard", "mlflow", "wandb")
STRATEGIES = ("auto", "single", "mirrored", "multiworker", "ray")


class Check(NamedTuple):
    """What the value of an option has to be, in the words of a refusal, and whether a value is that."""

    words: str
    holds: Callable[[Any], bool]


@dataclasses.dataclass(frozen=True)
class Option:
    """What is to be said of an option beside its name, type and default.

    Attributes:
        says: a sentence, for `--help` and docs/training.md.
        check: what its value has to be.
        among: its values, where there are few.
        decides: whether it decides the weights: a run is resumed with no other value.
        words: how the command line names it; None for `--` and its name.
        metavar: what stands for its value in `--help`.
        shown: what stands for its default in `--help`.
    """

    says: str
    check: Check | None = None
    among: tuple[str, ...] = ()
    decides: bool = False
    words: str | None = None
    metavar: str | None = None
    shown: str | None = None


def option(says: str, default: Any = dataclasses.MISSING, **facts: Any) -> Any:
    """A field of `Plan`; required without a default."""
    metadata = {"option": Option(says, **facts)}
    if default is dict:
        return dataclasses.field(default_factory=dict, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def at_least(low: int) -> Check:
    return Check(f"must be {low} or more", lambda value: value >= low)


SHARE = Check("is a share, 0 to 1", lambda value: 0 <= value <= 1)
DECAY = Check("must lie between 0 and 1, such as 0.999", lambda value: 0 < value < 1)
NORM = Check("is a norm above 0, such as 1.0", lambda value: value > 0)
COUNTED = ("steps", "log_every", "checkpoint_every", "metrics_every")  # in steps, at which the training comes back to Python


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """A training, as it is asked for; docs/training.md lists the options. No plan has values that no training can have.

    Raises:
        ValueError: a wrong value, or two that do not go together, in one line.

    Example:
        >>> Plan(model="denoiser", data="folder:photos", out="runs/denoiser", steps=500).log_every
        10
    """

    model: str | Callable[..., Any] = option("A family's name; in Python also the class of a model.", decides=True, words="MODEL")
    config: Mapping[str, Any] = option(
        "Settings of the model; may be repeated.", dict, decides=True, words="--set", metavar="KEY=VALUE"
    )
    pictures: Mapping[str, Sequence[str | Path]] = option(
        "Pictures that the model is configured with, such as style; may be repeated.",
        dict,
        decides=True,
        words="--set",
        metavar="NAME=PICTURE",
    )
    preset: str | None = option("A preset of the family; see zoo list.", None, decides=True)
    data: str | Mapping[str, str] = option(
        "folder:PATH, tfds:NAME[:SPLIT], tfrecord:FOLDER, or samples: for pictures that come with the package.",
        decides=True,
        metavar="SOURCE",
    )
    data_dir: Path | None = option("Where the data sets of tfds: lie, or are downloaded to.", None, metavar="FOLDER")
    out: Path = option("Run directory to write: new or empty, unless it is resumed.", metavar="RUN")
    start_from: str | None = option(
        "Begin with the weights of a run, a .keras file or a shipped weight.", None, decides=True, metavar="WEIGHTS"
    )
    steps: int = option("Training steps in all, resumed ones counted in.", 2000, check=at_least(1))
    batch_size: int | None = option(
        "Pictures a step, over all replicas.", None, check=at_least(1), decides=True, shown="the model's own"
    )
    seed: int = option("Of the weights, the order of the pictures and everything drawn.", 0, decides=True)
    precision: str = option(
        "mixed_bfloat16 is fastest on processors with bf16 instructions. What is written is float32 in any case.",
        "float32",
        among=PRECISIONS,
        decides=True,
    )
    backend: str = option(
        "What Keras computes with; jax needs no TensorFlow.", "tensorflow", among=BACKENDS, decides=True, shown="Keras' own"
    )
    exact: bool | None = option(
        "Whether a resumed run ends with the same bits, which costs speed on GPUs.", None, shown="on processors"
    )
    strategy: str = option("How the work is spread over devices and machines.", "auto", among=STRATEGIES)
    workers: int | None = option("Workers for ray.", None, check=at_least(1))
    wait: float = option("Seconds that multiworker waits for the other workers.", 600.0)
    replicas: int | None = option("Replicas for mirrored; virtual CPU replicas where there are no GPUs.", None, check=at_least(1))
    jit: bool = option("Compile the step with XLA.", False, decides=True)
    ema: float | None = option("Deploy the moving average of the weights, with this decay.", None, check=DECAY, decides=True)
    clip: float | None = option(
        "Largest norm of a batch's gradient, all weights and replicas together.", None, check=NORM, decides=True
    )
    accumulate: int = option("Batches whose mean gradient makes one update.", 1, check=at_least(1), decides=True)
    schedule: str | None = option(
        "Learning rate over the steps, in place of the family's own; --set learning_rate=R is its height.",
        None,
        among=SCHEDULES,
        decides=True,
    )
    warm_up: int = option("Updates over which the rate rises from nothing.", 0, check=at_least(0), decides=True)
    steps_per_execution: int = option(
        "Steps between two returns to Python; divides --steps, --log-every, --checkpoint-every and --metrics-every.",
        1,
        check=at_least(1),
    )
    log_every: int = option("Steps between two lines of log.csv.", 10, check=at_least(1))
    checkpoint_every: int = option("Steps between two checkpoints, each with a sheet of samples.", 500, check=at_least(1))
    metrics_every: int = option(
        "Steps between two comparisons of a generator's pictures with real ones, in metrics.csv.",
        0,
        check=at_least(0),
        shown="never",
    )
    track: str = option(
        "Who follows it: tensorboard, mlflow and wandb, with commas; the last two by the extra track.",
        "tensorboard",
        check=Check(f"is some of {', '.join(TRACKERS)}, with commas", lambda value: {*value.split(",")} <= {*TRACKERS}),
        metavar="NAMES",
    )
    validation: str | None = option(
        "Held-out pictures, a source as --data: the objective on them at every checkpoint, and its best weights as the model.",
        None,
        decides=True,
        metavar="SOURCE",
    )
    patience: int | None = option(
        "Checkpoints without a lower objective on --validation after which the training ends.",
        None,
        check=at_least(1),
        shown="trains all steps",
    )
    keep: int = option("Checkpoints to keep.", 2, check=at_least(1))
    max_bad: float = option("Share of unreadable pictures to bear.", 0.01, check=SHARE)
    max_pixels: int | None = option("Pictures with more pixels count as bad.", None, check=at_least(1), shown="100 million")
    resume: bool = option(
        "Go on with the run, from its newest checkpoint; what is not said is as it was. Starts a run that is not there.",
        False,
        metavar="[RUN]",
    )

    def __post_init__(self) -> None:
        for name, facts in options().items():
            value = getattr(self, name)
            if value is None and default(name) is None:
                continue
            value = _of_kind(name, value)
            if facts.among:
                from zoo._registry import choose

                choose(name, value, facts.among)
            if facts.check is not None and not facts.check.holds(value):
                raise ValueError(f"{name} {facts.check.words}, not {value}")
            object.__setattr__(self, name, value)
        for name in COUNTED:
            if getattr(self, name) % self.steps_per_execution:
                raise ValueError(
                    f"{name} must be a multiple of steps_per_execution {self.steps_per_execution}, not {getattr(self, name)}"
                )
        if (self.workers is None) == (self.strategy == "ray"):
            raise ValueError("--strategy ray and --workers N belong together")
        if self.backend == "jax" and self.strategy in ("multiworker", "ray"):
            raise ValueError(f"--strategy {self.strategy} needs the TensorFlow backend; JAX trains on the devices of one machine")
        if self.patience is not None and self.validation is None:
            raise ValueError("--patience N needs held-out pictures: --validation SOURCE")

    @property
    def sources(self) -> dict[str, str]:
        """Where the pictures come from, by the name of the source."""
        return {"data": self.data} if isinstance(self.data, str) else dict(self.data)


def options() -> dict[str, Option]:
    """Every option of a training, by name."""
    return {field.name: field.metadata["option"] for field in dataclasses.fields(Plan)}


def default(name: str) -> Any:
    """The default of an option; `dataclasses.MISSING` where it has none."""
    field = Plan.__dataclass_fields__[name]
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def kind(name: str) -> Any:
    """The type of an option's value, None set aside; a mapping's is `Mapping`."""
    hint = typing.get_type_hints(Plan)[name]
    kinds = (
        [each for each in typing.get_args(hint) if each is not types.NoneType] if isinstance(hint, types.UnionType) else [hint]
    )
    return typing.get_origin(kinds[-1]) or kinds[-1]


def _of_kind(name: str, value: Any) -> Any:
    """The value as the plan keeps it."""
    wanted = kind(name)
    if wanted is Mapping and not isinstance(value, str):
        return dict(value)
    if wanted is Path:
        return Path(value)
    if wanted is int and isinstance(value, numbers.Integral):
        return operator.index(value)
    if wanted is float and isinstance(value, numbers.Real):
        return float(value)
    if wanted in (int, float):
        raise ValueError(f"{name} must be {'a whole number' if wanted is int else 'a number'}, not {value!r}")
    return value


def table() -> str:
    """The options as a table of Markdown, for docs/training.md."""
    lines = ["| option | default | what | decides the weights |", "| --- | --- | --- | --- |"]
    return "\n".join([*lines, *_rows()]) + "\n"


def _rows() -> Iterator[str]:
    for name, facts in options().items():
        words = facts.words or f"--{name.replace('_', '-')}"
        plain = "" if kind(name) not in (int, float, str) or default(name) is None else f"`{default(name)}`"
        values = "\\|".join(facts.among) or facts.metavar or {int: "N", float: "X", str: "NAME"}.get(kind(name), "")
        what = " ".join(filter(None, [words, values if words != "MODEL" else ""]))
        yield f"| `{what}` | {facts.shown or plain} | {facts.says} | {'yes' if facts.decides else ''} |"


if __name__ == "__main__":
    print(table(), end="")
