"""Content Credentials in pictures: written with a certificate made here, read back by C2PA's own reader."""

import datetime
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.in_process import run
from zoo.cli.photo import Facts
from zoo.cli.written import Writing, write
from zoo.export.credentials import read_credentials
from zoo.export.provenance import EDITED, provenance

c2pa = pytest.importorskip("c2pa")
x509 = pytest.importorskip("cryptography.x509")
TODAY = datetime.datetime.now(datetime.UTC)
MARKS = provenance(EDITED, {"model": "wave"})


def certificate(folder: Path, days: tuple[int, int] = (-1, 30), name: str = "signer") -> tuple[Path, Path]:
    """A certificate for signing documents, vouched for by an authority made for it; valid between two days from now."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    def issued(subject, key, issuer, issuer_key, authority):
        usage = dict.fromkeys(
            ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
            False,
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(TODAY + datetime.timedelta(days[0]))
            .not_valid_after(TODAY + datetime.timedelta(days[1]))
            .add_extension(x509.BasicConstraints(authority, None), True)
            .add_extension(
                x509.KeyUsage(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **usage), True
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
        )
        if not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([x509.ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
        return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def named(text):
        kinds = x509.NameOID
        return x509.Name([x509.NameAttribute(kinds.ORGANIZATION_NAME, "Test"), x509.NameAttribute(kinds.COMMON_NAME, text)])

    root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    chain = issued(name, own, "authority", root, False) + issued("authority", root, "authority", root, True)
    forms = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(chain)
    files[1].write_bytes(own.private_bytes(serialization.Encoding.PEM, *forms))
    return files


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
def test_a_picture_says_signed_how_it_was_made(tmp_path, suffix):
    path = tmp_path / f"wave{suffix}"
    pixels = np.random.default_rng(0).integers(0, 255, (40, 50, 3), "uint8")
    how = Writing(marks=MARKS, credentials=read_credentials(*certificate(tmp_path)))
    write(path, pixels, None, Facts(), how)
    with c2pa.Reader(path) as reader:
        told = json.loads(reader.json())
    manifest = told["manifests"][told["active_manifest"]]
    (action,) = next(one["data"]["actions"] for one in manifest["assertions"] if one["label"] == "c2pa.actions.v2")
    assert action["digitalSourceType"].endswith(f"/{EDITED}") and action["softwareAgent"]["name"] == "wave"
    assert manifest["title"] == path.name and manifest["signature_info"]["common_name"] == "signer"
    # Only that nobody whom C2PA trusts vouches for the certificate.
    assert {status["code"] for status in told.get("validation_status", [])} == {"signingCredential.untrusted"}
    with Image.open(path) as image:
        assert suffix in (".jpg", ".webp", ".avif") or np.array_equal(np.asarray(image), pixels)


def test_an_altered_picture_is_found_out(tmp_path):
    path = tmp_path / "wave.png"
    how = Writing(marks=MARKS, credentials=read_credentials(*certificate(tmp_path)))
    write(path, np.zeros((40, 50, 3), "uint8"), None, Facts(), how)
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 8] ^= 1
    path.write_bytes(content)
    with c2pa.Reader(path) as reader:
        assert "assertion.dataHash.mismatch" in reader.json()


def test_what_cannot_sign_is_one_line(tmp_path):
    chain, key = certificate(tmp_path)
    _, other = certificate(tmp_path, name="other")
    expired, its_key = certificate(tmp_path, (-30, -1), "expired")
    early, early_key = certificate(tmp_path, (2, 30), "early")
    words = tmp_path / "words.pem"
    words.write_text("no certificate")
    for files, says in (
        ((expired, its_key), r"expired on \d{4}-\d\d-\d\d; have it renewed"),
        ((early, early_key), r"is valid from \d{4}-\d\d-\d\d on"),
        ((chain, other), "is not the key of the certificate"),
        ((words, key), "no certificate"),
        ((chain, words), "is no private key"),
        ((tmp_path / "nowhere", key), "No such file"),
    ):
        with pytest.raises(ValueError, match=says):
            read_credentials(*files)


def test_apply_signs(tmp_path, capsys):
    chain, key = certificate(tmp_path)
    expired, its_key = certificate(tmp_path, (-30, -1), "expired")
    Image.new("RGB", (32, 24), "teal").save(tmp_path / "in.png")
    command = ("apply", "fast_style/wave", tmp_path / "in.png", "--out", tmp_path / "out.png", "--overwrite")
    for options, says in (
        (("--c2pa", expired, "--c2pa-key", its_key), "have it renewed"),
        (("--c2pa", chain), "--c2pa CERT and --c2pa-key KEY go together"),
        (("--c2pa", chain, "--c2pa-key", key, "--no-provenance"), "leave one out"),
        (("--c2pa", chain, "--c2pa-key", key, "--engine", "ray"), "on this machine"),
    ):
        assert run(*command, *options) == 2
        error = capsys.readouterr().err
        assert says in error and len(error.strip().splitlines()) == 1
    assert not (tmp_path / "out.png").exists()
    assert run(*command, "--c2pa", chain, "--c2pa-key", key) == 0
    with c2pa.Reader(tmp_path / "out.png") as reader:
        assert EDITED in reader.json()
