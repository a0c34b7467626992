"""Settings that are looked for: Optuna proposes them, `train` trains with them, the family's own figure judges."""

import contextlib
import gc
import json
import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from zoo._registry import choose, name_of, settings_of
from zoo.common.files import locked, replacing
from zoo.training.plan import options
from zoo.training.progress import say
from zoo.training.run import train
from zoo.training.source import Source
from zoo.training.sources import open_source
from zoo.training.start import class_of

Choice = str | int | float | bool
Space = tuple[float, float] | Sequence[Choice]  # a tuple is a range, its ends in it; a list, what there is to choose among
FIGURES = ("psnr", "negative_log_likelihood", "frechet_distance")  # the first that a family has is its own
HIGHER = ("psnr", "ssim", "precision", "recall", "diversity")  # figures that are better so
OBJECTIVE = "objective"  # the figure of who has none of these: the sum of the terms
VARIED = ("accumulate", "batch_size", "clip", "ema", "precision", "preset", "schedule", "seed", "warm_up")  # of a plan
IN_VAIN = 3  # trials without one that ended well, after which something else is wrong


class Trial(NamedTuple):
    """A training, its settings, and the figure that it came to; None where it came to none."""

    number: int
    settings: dict[str, Choice]
    figure: float | None
    run: Path


class Tuning(NamedTuple):
    """What came of all trials; see `tune`."""

    figure: str
    higher: bool
    trials: list[Trial]

    @property
    def best(self) -> Trial:
        """The first of those with the best figure."""
        return sorted(self._ended(), key=lambda trial: -trial.figure if self.higher else trial.figure)[0]

    def _ended(self) -> list[Any]:
        return [trial for trial in self.trials if trial.figure is not None]


def tune(
    model: Any,
    vary: Mapping[str, Space],
    *,
    validation: str,
    out: str | Path,
    trials: int = 20,
    count: int = 200,
    figure: str | None = None,
    resume: bool = False,
    tell: Callable[[str], None] = say,
    **asked: Any,
) -> Tuning:
    """Trains with one proposal after another, each a run in `out`/trials, and returns what each came to.

    A trial's proposal is a function of the seed, its number and the figures before it, and a killed one is resumed exactly: a
    tuning that was killed at any moment and is resumed ends with the trials of one that was not. `out`/study.db is Optuna's
    (optuna-dashboard shows it); only trials that have ended are in it. A training that diverges, or does not fit into memory,
    counts as worse than all others.

    Args:
        model: a family's name, or the class of a model.
        vary: setting of the model, or option of `VARIED` -> its `Space`. Numbers whose range goes tenfold and beyond are drawn
            by their logarithm.
        validation: held-out pictures, a source, that the figure is taken of.
        out: directory to write, new or empty unless `resume`.
        trials: how many in all, those before counted in; more extend a tuning.
        count: held-out examples.
        figure: a figure of `zoo.training.evaluate`; None: `psnr`, `negative_log_likelihood` or `frechet_distance`, the first
            that the family has, or else "objective", the sum of its terms.
        resume: whether to go on with the tuning in `out`, all of which but `trials` must be as it was.
        tell: prints a line.
        asked: options of `zoo.training.run.train`, the same for all trials.

    Raises:
        ModuleNotFoundError: Optuna is not installed (extra `tune`).
        ValueError: a wrong option, or nothing that ended well in three trials, in one line.
        OSError: `out` is not empty, or cannot be written.

    Example:
        >>> tune("denoiser", {"learning_rate": (1e-4, 1e-2)}, data="folder:photos", validation="folder:others", out="tuning").best
        Trial(number=11, settings={'learning_rate': 0.0021}, figure=31.2, run=PosixPath('tuning/trials/0011'))
    """
    import optuna

    if "data" not in asked:
        raise ValueError("a tuning needs pictures: data='folder:PATH'")
    out = Path(out)
    name = model if isinstance(model, str) else name_of(model)
    spaces = {setting: _distribution(model, setting, space) for setting, space in sorted(vary.items())}
    if not spaces:
        raise ValueError("nothing to vary: --vary learning_rate=1e-4..1e-2")
    seed = int(asked.get("seed", 0))
    ways = {name: optuna.distributions.distribution_to_json(way) for name, way in spaces.items()}
    record = {"model": name, "vary": ways, "validation": validation, "count": count, "figure": figure, "asked": asked}
    record["trials"] = trials
    sources = _held_out(asked, validation)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it warns that each training has a step of its own
    with _prepared(out, record, resume):
        study = optuna.create_study(
            storage=f"sqlite:///{(out / 'study.db').absolute()}", study_name=f"zoo tune {name}", load_if_exists=True
        )
        chosen = study.user_attrs.get("figure")
        for number in range(len(study.trials), trials):
            run = out / "trials" / f"{number:04d}"
            proposal = _proposed(study, spaces, seed + number)
            tell(f"trial {number + 1} of {trials}: {described(proposal.params)}")
            try:
                figures = _judged(train_one(model, proposal.params, run, asked), sources, count, seed, asked.get("pictures"))
                chosen = chosen or _own(figures, figure)
                value = figures[chosen] * (-1 if chosen in HIGHER else 1)
                if not math.isfinite(value):
                    raise ValueError(f"its {chosen} is {value}")
            except ValueError as error:
                tell(f"trial {number + 1} failed: {error}")
                study.add_trial(_ended(optuna, proposal, None, str(error)))
                _stop_if_in_vain(study, optuna, error)
                continue
            study.set_user_attr("figure", chosen)
            study.add_trial(_ended(optuna, proposal, value))
            best = " (the best so far)" if study.best_trial.number == number else ""
            tell(f"trial {number + 1} of {trials}: {chosen} {figures[chosen]:.4g}{best}")
        return _tuning(study, out)


def train_one(model: Any, settings: Mapping[str, Any], run: Path, asked: Mapping[str, Any]) -> Path:
    """The model.keras of a training with those settings, which goes on where it was killed."""
    import keras

    arguments = settings_of(class_of(model))
    own = {name: value for name, value in settings.items() if name not in arguments}
    config = {**asked.get("config", {}), **{name: value for name, value in settings.items() if name not in own}}
    keras.backend.clear_session()
    gc.collect()  # the last trial's weights and batches
    return train(model, out=run, resume=True, **{**asked, "keep": 1, "config": config, **own})


def described(settings: Mapping[str, Any]) -> str:
    """The settings of a trial for one line.

    Example:
        >>> described({"learning_rate": 0.00123456, "batch_size": 8})
        'learning_rate 0.001235, batch_size 8'
    """
    return ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in settings.items())


def check_varied(model: str | Callable[..., Any], setting: str) -> None:
    """ValueError where the setting is none of the model, or cannot be varied."""
    cls = class_of(model)
    if setting in cls.picture_settings:
        raise ValueError(f"--vary {setting}: pictures are not varied; tune with one, then train with others")
    choose("setting to vary", setting, [*settings_of(cls), *VARIED])


def _distribution(model: Any, setting: str, space: Space) -> Any:
    """The space as Optuna has it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    check_varied(model, setting)
    if not isinstance(space, tuple):
        return CategoricalDistribution([*space])
    low, high = space
    if not low < high:
        raise ValueError(f"--vary {setting}: {low}..{high} is no range")
    kind = IntDistribution if isinstance(low, int) and isinstance(high, int) else FloatDistribution
    return kind(low, high, log=low > 0 and high >= 10 * low)


@contextlib.contextmanager
def _prepared(out: Path, record: Mapping[str, Any], resume: bool) -> Iterator[None]:
    """Makes the directory and its record, or makes sure that it is this tuning's, and holds it against other processes."""
    text, file = json.dumps(record, indent=2, default=str), out / "tuning.json"
    if out.is_dir() and not resume and any(not path.name.startswith(".") for path in out.iterdir()):
        raise FileExistsError(f"{out} is not empty; zoo tune --resume {out} goes on, or choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    with locked(out / ".lock", f"another process tunes in {out}; wait for it, or choose another --out"):
        if file.exists():
            before, now = json.loads(file.read_text()), json.loads(text)
            if changed := [name for name in now if name != "trials" and now[name] != before.get(name)]:
                raise ValueError(f"cannot go on with {out}: its {', '.join(changed)} changed; choose another --out")
        with replacing(file) as temporary:
            temporary.write_text(text)
        yield


def _proposed(study: Any, spaces: Mapping[str, Any], seed: int) -> Any:
    """A trial in memory, which nobody else sees: one that is killed is proposed again."""
    import optuna

    rehearsal = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    rehearsal.add_trials(study.get_trials(deepcopy=False))
    return rehearsal.ask(dict(spaces))


def _held_out(asked: Mapping[str, Any], validation: str) -> dict[str, Source]:
    """The sources of the trainings, with held-out pictures for those of "data"; ValueError where these are the same."""
    texts = {"data": asked["data"]} if isinstance(asked["data"], str) else dict(asked["data"])
    folder = asked.get("data_dir")
    sources, held_out = (
        {name: open_source(text, data_dir=None if folder is None else str(folder)) for name, text in each.items()}
        for each in (texts, {**texts, "data": validation})
    )
    if held_out["data"].fingerprint() == sources["data"].fingerprint():
        raise ValueError("--validation has the pictures of --data, which the trials are trained on; hold others out")
    return held_out


def _judged(file: Path, sources: Mapping[str, Source], count: int, seed: int, pictures: Any) -> dict[str, float]:
    """Every figure of the trained model on the held-out pictures."""
    import zoo
    from zoo.training.evaluate import evaluate, makes_pictures
    from zoo.training.metrics import extractor
    from zoo.training.pictures import read_picture

    model = zoo.load(str(file))
    if pictures:
        model.adapt(**{name: [read_picture(picture).rgb for picture in several] for name, several in pictures.items()})
    figures = evaluate(model, sources, count=count, seed=seed, extract=extractor() if makes_pictures(model) else None)
    return figures | {OBJECTIVE: sum(figures[name] for name in model.loss_names)}


def _own(figures: Mapping[str, float], asked: str | None) -> str:
    """The figure that is asked for, or the family's own."""
    if asked is not None:
        return choose("figure of this model", asked, figures)
    return next((name for name in FIGURES if name in figures), OBJECTIVE)


def _ended(optuna: Any, proposal: Any, value: float | None, why: str = "") -> Any:
    """The trial as it is kept; Optuna takes one that was pruned for worse than all that were not."""
    state = optuna.trial.TrialState.PRUNED if value is None else optuna.trial.TrialState.COMPLETE
    attributes = {"why": why} if why else {}
    return optuna.trial.create_trial(
        state=state, value=value, params=proposal.params, distributions=proposal.distributions, user_attrs=attributes
    )


def _stop_if_in_vain(study: Any, optuna: Any, error: ValueError) -> None:
    ended = [trial.state == optuna.trial.TrialState.COMPLETE for trial in study.get_trials(deepcopy=False)]
    if not any(ended) and len(ended) >= IN_VAIN:
        raise ValueError(f"none of the first {len(ended)} trials ended well; the last one: {error}") from error


def _tuning(study: Any, out: Path) -> Tuning:
    name = study.user_attrs["figure"]
    higher = name in HIGHER
    trials = [
        Trial(
            each.number,
            each.params,
            None if each.value is None else -each.value if higher else each.value,
            out / "trials" / f"{each.number:04d}",
        )
        for each in study.get_trials(deepcopy=False)
    ]
    return Tuning(name, higher, trials)


def recorded_tuning(out: str | Path) -> dict[str, Any]:
    """What the tuning in `out` was asked for, as `tune` takes it.

    Raises:
        ValueError: there is none.
    """
    file = Path(out) / "tuning.json"
    try:
        record = json.loads(file.read_text())
        asked = {name: value for name, value in record.pop("asked").items() if name in options()}
        record["vary"] = {name: _space(json.loads(text)) for name, text in record["vary"].items()}
    except (OSError, ValueError, KeyError):
        raise ValueError(f"{out} holds no tuning to go on with") from None
    return record | asked


def _space(way: Mapping[str, Any]) -> Space:
    attributes = way["attributes"]
    return list(attributes["choices"]) if "choices" in attributes else (attributes["low"], attributes["high"])
