"""Content Credentials (C2PA): what a picture says of itself, signed with a certificate of the user's."""

import dataclasses
import datetime
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo import __version__

INSTALL = "pip install 'keras-image-zoo[provenance]'"
SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


@dataclasses.dataclass(frozen=True)
class Credentials:
    """`chain`: the certificate and those that vouch for it, `key`: its private key, both PEM; `algorithm` as C2PA names it."""

    chain: bytes
    key: bytes
    algorithm: str

    def sealed(self, picture: bytes, mime: str, title: str, marks: Mapping[str, str]) -> bytes:
        """The picture with a signed manifest in it, which says how it was made and by what, and holds its pixels to that.

        Args:
            picture: a file.
            mime: its type, such as "image/png".
            title: its name.
            marks: as `zoo.export.provenance` gives them.

        Raises:
            ValueError: the certificate is none that C2PA takes, or the file no picture.
        """
        c2pa = installed()
        action = {
            "action": "c2pa.created",
            "digitalSourceType": f"{SOURCE_TYPES}{marks['DigitalSourceType']}",
            "softwareAgent": {"name": marks["Model"]},
            "parameters": {"description": marks["Description"]},
        }
        told = {
            "claim_generator_info": [{"name": "keras-image-zoo", "version": __version__}],
            "title": title,
            "format": mime,
            "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
        }
        result = io.BytesIO()
        try:
            signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(self.algorithm, self.chain, self.key, None))
            with signer, c2pa.Builder(json.dumps(told)) as builder:
                builder.sign(signer, mime, io.BytesIO(picture), result)
        except c2pa.C2paError as error:
            raise ValueError(f"--c2pa: {title} could not be signed: {str(error).splitlines()[0]}") from error
        return result.getvalue()


def installed() -> Any:
    """The package c2pa. Raises ModuleNotFoundError with the way to get it."""
    try:
        import c2pa
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(f"Content Credentials: {INSTALL}", name=error.name) from error
    return c2pa


def read_credentials(certificate: Path, key: Path) -> Credentials:
    """The certificate (PEM, with those that vouch for it behind it) and its private key (PEM, without a password).

    Raises:
        ValueError: one of them cannot be read, they do not belong together, or the certificate is not valid today.
    """
    installed()
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    chain, secret = _content(certificate), _content(key)
    try:
        first = x509.load_pem_x509_certificates(chain)[0]
    except ValueError:
        raise ValueError(f"--c2pa {certificate}: no certificate (PEM)") from None
    try:
        private = load_pem_private_key(secret, None)
    except (ValueError, TypeError) as error:
        why = "has a password, which openssl pkey takes off" if isinstance(error, TypeError) else "is no private key (PEM)"
        raise ValueError(f"--c2pa-key {key} {why}") from None
    form = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*form) != first.public_key().public_bytes(*form):
        raise ValueError(f"--c2pa-key {key} is not the key of the certificate {certificate}")
    now = datetime.datetime.now(datetime.UTC)
    if now > first.not_valid_after_utc:
        raise ValueError(f"--c2pa {certificate} expired on {first.not_valid_after_utc:%Y-%m-%d}; have it renewed")
    if now < first.not_valid_before_utc:
        raise ValueError(f"--c2pa {certificate} is valid from {first.not_valid_before_utc:%Y-%m-%d} on")
    return Credentials(chain, secret, _algorithm(private, key))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def _algorithm(private: Any, key: Path) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ed25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return "ps256"
    curves = {"secp256r1": "es256", "secp384r1": "es384", "secp521r1": "es512"}
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in curves:
        return curves[private.curve.name]
    raise ValueError(f"--c2pa-key {key} is of a kind that C2PA has no use for: take P-256, P-384, P-521, Ed25519 or RSA")
