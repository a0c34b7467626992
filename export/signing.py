"""Exports signed with a key, in the format of the OpenSSF's model-signing: its owner vouches for all that is there and is not."""

import ast
import importlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from zoo.common.files import replacing
from zoo.common.text import one_line
from zoo.export.files import inside, read_bytes

FILE = "model.sig"
KEY_BYTES = 1 << 16


def check_key(key: Path) -> None:
    """Raises ValueError, in one line, for what is no private key that can sign, and without the extra `sign`."""
    _signer(key)


def sign(directory: Path, key: Path) -> Path:
    """Signs every file of an export with a private key (PEM, of the curve P-256, P-384 or P-521); returns DIR/model.sig.

    Raises:
        ValueError: a wrong key, or a link or a pipe in the export, in one line. OSError: it cannot be written.

    Example:
        >>> sign(Path("exports/wave"), Path("key.pem")).name
        'model.sig'
    """
    config = _signer(key)
    with tempfile.TemporaryDirectory() as folder:  # what is written beside the export's files would have to be left out
        signature = Path(folder) / FILE
        try:
            config.set_hashing_config(_hashing()).sign(os.path.realpath(directory), signature)
        except Exception as error:
            raise ValueError(f"cannot sign {directory}: {one_line(error)}") from error
        with replacing(directory / FILE) as temporary:
            temporary.write_bytes(signature.read_bytes())
    return directory / FILE


def check(directory: Path, key: Path) -> None:
    """Raises ValueError, in one line, unless an export is as it was signed by the other half of this public key (PEM).

    A file that was altered, removed or added is named; so is everything else that is wrong. Nothing of it is run.
    """
    config = _package("verifying").Config()
    _use(key, lambda: config.use_elliptic_key_verifier(public_key=key), "public")
    path = inside(directory, FILE)
    if not path.exists():
        raise ValueError(f"{directory} is not signed: it has no {FILE}")
    read_bytes(path)
    try:
        config.set_hashing_config(_hashing()).verify(Path(os.path.realpath(directory)), path)
    # Whatever a file of somebody else makes of the package's readers: KeyError, InvalidSignature, ...
    except Exception as error:
        raise ValueError(f"{directory} is not as it was signed: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """The package's list of differences without the bytes of the digests."""
    before, mark, differences = str(error).partition("Signature mismatch: ")
    if mark and not before:
        return one_line("; ".join(text.partition(": Expected ")[0] for text in ast.literal_eval(differences)))
    return one_line(error) or "the signature is not of this key"


def _hashing() -> Any:
    """Every file but the signature itself; what the package would leave out for git's sake as well."""
    return _package("hashing").Config().set_ignored_paths(paths=[FILE], ignore_git_paths=False)


def _signer(key: Path) -> Any:
    config = _package("signing").Config()
    _use(key, lambda: config.use_elliptic_key_signer(private_key=key), "private")
    return config


def _use(key: Path, take: Callable[[], Any], kind: str) -> None:
    read_bytes(key, KEY_BYTES)  # no pipe, and not without end
    try:
        take()
    except Exception as error:  # the package's, and those of the cryptography below it
        raise ValueError(f"{key}: no {kind} key in PEM, of the curve P-256, P-384 or P-521: {one_line(error)}") from error


def _package(module: str) -> Any:
    try:
        return importlib.import_module(f"model_signing.{module}")
    except ModuleNotFoundError as error:
        raise ValueError(f"signatures need {error.name}: pip install 'keras-image-zoo[sign]'") from error
