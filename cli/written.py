"""Writing what `zoo apply` made, in the format that its name says, with what is kept of the picture that it was made of."""

import dataclasses
import errno
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.cli.deep import DEEP_WRITERS
from zoo.cli.photo import Facts

if TYPE_CHECKING:
    from zoo.export.credentials import Credentials

QUALITY = 95
FORMATS: Mapping[str, str] = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}
MIMES = {kind: f"image/{kind.lower()}" for kind in FORMATS.values()} | {"HEIF": "image/heic"}
_DESCRIPTION, _XMP_TAG = 0x010E, 0x02BC
_XMP = "XML:com.adobe.xmp"
_END = b"</rdf:RDF>"
_NOT_OF_A_PICTURE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.ENOENT)


@dataclasses.dataclass(frozen=True)
class Writing:
    """How a result is written: `quality` 1 to 100, `marks` as `provenance` gives them (None for none), `overwrite` files,
    `credentials` to sign the marks with."""

    quality: int = QUALITY
    marks: Mapping[str, str] | None = None
    overwrite: bool = False
    credentials: "Credentials | None" = None


def check_name(path: Path) -> str:
    """Pillow's name of the format that a file's name says. Raises ValueError."""
    if path.suffix.lower() not in FORMATS:
        raise ValueError(f"cannot write {path}: its name must end in one of {', '.join(FORMATS)}")
    return FORMATS[path.suffix.lower()]


def write(path: Path, rgb: Any, alpha: Any, facts: Facts, how: Writing) -> None:
    """Writes a picture whole or not at all.

    Args:
        path: where to; its suffix says the format.
        rgb: float [H, W, 3 or 1] in [0, 1], values by `facts.profile`; or uint8, or uint16 for PNG and TIFF.
        alpha: [H, W, 1] of the same type, or None. JPEG has none, and shows it on white.
        facts: what goes into the file beside the pixels. `deep` asks for 16 bits, where the format has them.
        how: quality and marks.

    Raises:
        ValueError: the suffix is none of `FORMATS`, or HEIC without the extra.
        OSError: it cannot be written there, or exists already.
    """
    import numpy as np
    from PIL import Image

    from zoo.common.files import replacing

    kind = check_name(path)
    if os.path.lexists(path) and not how.overwrite:
        raise FileExistsError(f"{path} exists already; --overwrite replaces it")
    channels = np.repeat(rgb, 3, axis=-1) if rgb.shape[-1] == 1 else rgb
    channels = channels if alpha is None else np.concatenate([channels, alpha], axis=-1)
    pixels = whole(channels, 65535 if facts.deep and kind in DEEP_WRITERS else 255)
    options = {**encoding(kind, how.quality), **described(kind, facts, how.marks or {})}
    with replacing(path, overwrite=how.overwrite) as temporary:
        if pixels.dtype == np.uint16:
            DEEP_WRITERS[kind](temporary, pixels, options)
        else:
            image = Image.fromarray(pixels)
            if image.mode == "RGBA" and kind == "JPEG":
                image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
            if kind == "HEIF":
                learn_to_write_heif(path)
            image.save(temporary, kind, **options)
        if how.credentials and how.marks:
            sealed = how.credentials.sealed(temporary.read_bytes(), MIMES[kind], path.name, how.marks)
            temporary.write_bytes(sealed)


class Unwritable(OSError):
    """A place that takes nothing: read-only, full, or no folder. The next picture would not fare better."""


def place_of(target: Path, error: OSError) -> OSError:
    """What is said of an error in writing `target`: `Unwritable` where it is not this one picture's."""
    told = error if error.errno is None or not error.strerror else type(error)(f"cannot write {target}: {error.strerror}")
    return Unwritable(str(told)) if error.errno in _NOT_OF_A_PICTURE else told


def whole(values: Any, most: int) -> Any:
    """Values as whole numbers up to `most`, 255 or 65535, whatever they are in."""
    import numpy as np

    kind = np.uint16 if most > 255 else np.uint8
    if values.dtype == kind:
        return values
    if values.dtype in (np.uint8, np.uint16):
        values = values / np.float32(np.iinfo(values.dtype).max)
    return np.round(np.clip(np.nan_to_num(values), 0, 1) * np.float32(most)).astype(kind)


def encoding(kind: str, quality: int) -> dict[str, Any]:
    """What Pillow is told of a format."""
    if kind == "PNG":
        return {"compress_type": zlib.Z_RLE}  # a quarter of zlib's usual time, for 4 % more bytes
    if kind == "TIFF":
        return {"compression": "raw"}  # libtiff, which compresses, cannot write the groups of EXIF
    fine: dict[str, dict[str, Any]] = {
        "JPEG": {"subsampling": 0},
        "WEBP": {"exact": True},
        "AVIF": {"subsampling": "4:4:4"},
        "HEIF": {"chroma": 444},
    }
    return {"quality": quality, **fine[kind]}


def described(kind: str, facts: Facts, marks: Mapping[str, str]) -> dict[str, Any]:
    """The profile, the EXIF and the XMP of the file: those of the picture, and the marks of a model.

    PNG has a text of its own for each mark; elsewhere they stand in the description, behind what stood there.
    """
    from PIL import Image, PngImagePlugin

    texts = {key: value for key, value in marks.items() if key != _XMP}
    options: dict[str, Any] = {"icc_profile": facts.profile.contents} if facts.profile else {}
    exif = Image.Exif()
    if facts.exif:
        exif.load(facts.exif)
    if texts and kind != "PNG":
        said = exif.get(_DESCRIPTION)
        exif[_DESCRIPTION] = "\n".join([*([str(said)] if said else []), *(f"{key}: {value}" for key, value in texts.items())])
    if facts.exif or (texts and kind != "PNG"):
        options["exif"] = exif if kind == "TIFF" else exif.tobytes()
    xmp = merged(facts.xmp, marks.get(_XMP, "").encode())
    if kind == "PNG":
        options["pnginfo"] = PngImagePlugin.PngInfo()
        for key, value in {**texts, **({_XMP: xmp.decode(errors="replace")} if xmp else {})}.items():
            options["pnginfo"].add_itxt(key, value)
    elif xmp and kind == "TIFF":
        exif[_XMP_TAG] = xmp
        options["exif"] = exif
    elif xmp:
        options["xmp"] = xmp
    return options


def merged(theirs: bytes, ours: bytes) -> bytes:
    """One packet of XMP of two: our description stands behind theirs. Theirs alone or ours alone where the other is empty."""
    start, end = ours.find(b"<rdf:Description"), ours.rfind(_END)
    place = theirs.rfind(_END)
    if not theirs or not ours or place < 0:
        return ours or theirs
    return theirs[:place] + ours[start:end] + theirs[place:]


def learn_to_write_heif(path: Path) -> None:
    """Raises ValueError that names the extra."""
    try:
        import pillow_heif
    except ModuleNotFoundError:
        raise ValueError(f"{path}: writing HEIC takes an extra: pip install 'keras-image-zoo[heif]'") from None
    pillow_heif.register_heif_opener()
