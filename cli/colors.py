"""Colour profiles: what a picture's numbers mean, said in the file by an ICC profile; sRGB where nothing is said."""

import contextlib
import dataclasses
import functools
import io
import struct
from typing import Any

import numpy as np

# Red, green and blue of sRGB as the profile connection space has them (D50), a column each; IEC 61966-2-1, Bradford.
SRGB = np.array(
    [[0.43606567, 0.38514710, 0.14306641], [0.22248840, 0.71688080, 0.06060791], [0.01391602, 0.09707642, 0.71409607]]
)
_FIXED = 65536.0
SAME = 1 / 512  # of 1: a profile that moves no colour by more says sRGB once more


@dataclasses.dataclass(frozen=True, eq=False)
class Profile:
    """Three primaries and a curve each, which is what cameras, phones, screens and editors write (Display P3, Adobe RGB, ...).

    `contents` are the bytes for a file; `matrix` [3, 3] goes from linear values to the connection space; `curves` are [3, N],
    linear values of N evenly spread encoded ones.
    """

    contents: bytes
    matrix: np.ndarray
    curves: np.ndarray

    def to_srgb(self, values: Any) -> np.ndarray:
        """float32 [..., 3]; colours that sRGB does not hold lie outside of [0, 1]."""
        steps = np.linspace(0, 1, self.curves.shape[1])
        linear = np.stack([np.interp(values[..., c], steps, self.curves[c]) for c in range(3)], axis=-1)
        return encoded(linear @ (np.linalg.inv(SRGB) @ self.matrix).T).astype("float32")

    def from_srgb(self, values: Any) -> np.ndarray:
        """float32 [..., 3] in [0, 1], of values that may lie outside of it."""
        linear = decoded(np.asarray(values, "float64")) @ (np.linalg.inv(self.matrix) @ SRGB).T
        steps = np.linspace(0, 1, self.curves.shape[1])
        planes = [np.interp(linear[..., c], self.curves[c], steps) for c in range(3)]  # also cuts to [0, 1]
        return np.stack(planes, axis=-1).astype("float32")

    @functools.cached_property
    def says_srgb(self) -> bool:
        corners = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3), axis=-1)
        return bool(np.abs(self.to_srgb(corners) - corners).max() <= SAME)


class Space:
    """Between a picture's values, which its profile explains, and those that a model takes.

    A model that holds styles, or takes them, works in sRGB, as they are; colours beyond it go past the model, as far as it keeps
    the picture (`kept`, 0 to 1). Any other takes the values as they are, and the profile goes into the result: nothing is lost.
    """

    def __init__(self, profile: Profile | None, styled: bool, kept: float = 0.0) -> None:
        self.profile = profile if profile and styled and not profile.says_srgb else None
        self.kept = kept

    def seen(self, rgb: Any) -> Any:
        """What the model takes, in [0, 1]."""
        return np.clip(self.profile.to_srgb(rgb), 0, 1) if self.profile else rgb

    def written(self, result: Any, rgb: Any) -> Any:
        """What goes into the file, of the model's result for the picture `rgb`."""
        if not self.profile:
            return result
        beyond = np.zeros(3, "float32")
        if self.kept and rgb.shape == result.shape:
            values = self.profile.to_srgb(rgb)
            beyond = self.kept * (values - np.clip(values, 0, 1))
        return self.profile.from_srgb(result + beyond)


def encoded(linear: np.ndarray) -> np.ndarray:
    """sRGB's curve, mirrored for values below 0."""
    size = np.abs(linear)
    return np.sign(linear) * np.where(size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055)


def decoded(values: np.ndarray) -> np.ndarray:
    """The inverse of `encoded`."""
    size = np.abs(values)
    return np.sign(values) * np.where(size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4)


@functools.lru_cache(8)
def profile_of(contents: bytes) -> Profile | None:
    """The profile, where it is one of primaries and curves; None for one of tables, or of gray or CMYK.

    Raises:
        ValueError: it is broken.
    """
    checked(contents)
    if contents[16:20] != b"RGB ":
        return None
    tags = {contents[at : at + 4]: struct.unpack(">II", contents[at + 4 : at + 12]) for at in _entries(contents)}
    if any(name + b"TRC" not in tags or name + b"XYZ" not in tags for name in (b"r", b"g", b"b")):
        return None
    try:
        columns = [np.array(struct.unpack(">3i", _tag(contents, tags[n + b"XYZ"])[8:20])) / _FIXED for n in (b"r", b"g", b"b")]
        curves = np.stack([_curve(_tag(contents, tags[name + b"TRC"])) for name in (b"r", b"g", b"b")])
        matrix = np.stack(columns, axis=1)
        np.linalg.inv(matrix)
    except (struct.error, IndexError, np.linalg.LinAlgError) as error:
        raise ValueError("its colours are not described") from error
    if not (np.diff(curves) >= 0).all() or not np.isfinite(curves).all():
        raise ValueError("its curves fall")
    return Profile(contents, matrix, curves)


def checked(contents: bytes) -> None:
    """Raises ValueError for what lcms cannot open."""
    from PIL import ImageCms

    try:
        ImageCms.ImageCmsProfile(io.BytesIO(contents))
    except (OSError, ImageCms.PyCMSError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _entries(contents: bytes) -> range:
    (count,) = struct.unpack(">I", contents[128:132])
    return range(132, min(132 + 12 * count, len(contents) - 11), 12)


def _tag(contents: bytes, place: tuple[int, int]) -> bytes:
    return contents[place[0] : place[0] + place[1]]


def _curve(tag: bytes, count: int = 4096) -> np.ndarray:
    """Linear values of `count` encoded ones from 0 to 1: of a table, a power, or one of ICC's five formulas."""
    x = np.linspace(0, 1, count)
    if tag[:4] == b"curv":
        (length,) = struct.unpack(">I", tag[8:12])
        table = np.frombuffer(tag, ">u2", length, 12)
        if length == 0:
            return x
        return x ** (float(table[0]) / 256) if length == 1 else np.interp(x, np.linspace(0, 1, length), table / 65535)
    if tag[:4] != b"para":
        raise struct.error("no curve")
    (kind,) = struct.unpack(">H", tag[8:10])
    sizes = (1, 3, 4, 5, 7)
    g, *rest = np.array(struct.unpack(f">{sizes[kind]}i", tag[12 : 12 + 4 * sizes[kind]])) / _FIXED
    a, b, c, d, e, f = (*rest, *[0.0] * (6 - len(rest))) if kind else (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    power = np.maximum(a * x + b, 0) ** g
    if kind == 0:
        return power
    if kind in (1, 2):  # a x + b below 0 is 0, and kind 2 adds c to all
        return np.clip(np.where(a * x + b >= 0, power, 0) + (c if kind == 2 else 0), 0, 1)
    return np.clip(np.where(x >= d, power + e, c * x + f), 0, 1)


def by_tables(image: Any, contents: bytes) -> Any:
    """The opened picture in sRGB, by a profile that is no `Profile`; as it is where lcms cannot."""
    from PIL import ImageCms

    with contextlib.suppress(ImageCms.PyCMSError, OSError):
        source = ImageCms.ImageCmsProfile(io.BytesIO(contents))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        if converted is not None:
            return converted
    return image
