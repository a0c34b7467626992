"""Bills of material (SBOM) in CycloneDX 1.6: what an export consists of and was made with, and what is installed."""

import importlib.metadata
import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from zoo.common.files import replacing
from zoo.export.files import sha256, tree
from zoo.export.manifest import EDITABLE, Manifest

FILE = "sbom.cdx.json"
PACKAGE = "keras-image-zoo"
DEVELOPMENT = {"dev", "bench"}  # extras that nobody needs who only uses it


def installed() -> bool:
    """Whether the extra `sbom` is there."""
    return importlib.util.find_spec("cyclonedx") is not None


def write_export(manifest: Manifest, about: Mapping[str, str], directory: Path) -> None:
    """Writes DIR/sbom.cdx.json: the model with its weights' hash and licence, every file with its own, the tools with their
    versions and licences. Nothing without the extra `sbom`."""
    if installed():
        with replacing(directory / FILE) as temporary:
            temporary.write_text(export_bill(manifest, about, directory), encoding="utf-8")


def export_bill(manifest: Manifest, about: Mapping[str, str], directory: Path) -> str:
    """The JSON of an export's bill; what people write into later, and the manifest, which lists the bill, are left out.

    `about` may hold `task` and `licence`.
    """
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType

    artifacts = {artifact.path: artifact for artifact in manifest.artifacts}
    files: dict[str, Any] = {}
    for file in tree(directory):
        name = file.relative_to(directory).as_posix()
        if name in EDITABLE or file.name.startswith("."):
            continue
        artifact = next((artifacts[path] for path in (name, *map(str, Path(name).parents)) if path in artifacts), None)
        facts = {"zoo:format": artifact.format, "zoo:precision": artifact.precision} if artifact else {}
        properties = [Property(name=key, value=value) for key, value in facts.items()]
        digest = HashType(alg=HashAlgorithm.SHA_256, content=sha256(file))
        files[name] = Component(name=name, bom_ref=name, type=ComponentType.FILE, hashes=[digest], properties=properties)
    licence = about.get("licence", "")
    reference = f"model:{manifest.model}"
    model = Component(
        name=manifest.model,
        bom_ref=reference,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        description=about.get("task") or None,
        licenses=[LicenseFactory().make_with_name(licence)] if licence else [],
        properties=[Property(name="zoo:weights_sha256", value=manifest.weights_sha256)],
    )
    tools = [_component(name) for name in (PACKAGE, *manifest.versions) if name != "python"]
    python = Component(name="python", version=manifest.versions["python"], type=ComponentType.PLATFORM)
    return _written(model, [*files.values()], {reference: [*files]}, [*tools, python])


def environment_bill() -> str:
    """The JSON of a bill of what is installed for this package to run: its requirements and theirs, those of extras included.

    Raises:
        ValueError: without the extra `sbom`.
    """
    if not installed():
        raise ValueError("a bill of material needs cyclonedx: pip install 'keras-image-zoo[sbom]'")
    asked = _required(PACKAGE)
    components = {name: _component(name) for name in asked}
    refs = {name: f"{name}=={component.version}" for name, component in components.items()}
    graph = {refs[name]: [refs[other] for other in others] for name, others in asked.items()}
    return _written(components.pop(PACKAGE), list(components.values()), graph)


def _required(package: str) -> dict[str, list[str]]:
    """The installed packages that it leads to, each with those that it asks for itself, by canonical name."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    def name_of(name: str) -> str:
        return str(canonicalize_name(name))

    there = {name_of(each.metadata["Name"]) for each in importlib.metadata.distributions()}
    extras = {*(importlib.metadata.metadata(package).get_all("Provides-Extra") or [])} - DEVELOPMENT
    required: dict[str, list[str]] = {}
    left = [(package, extras)]
    while left:
        name, wanted = left.pop()
        if name in required:
            continue
        every = [Requirement(text) for text in importlib.metadata.requires(name) or []]
        asked = [
            each
            for each in every
            if name_of(each.name) in there
            and (not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in ("", *wanted)))
        ]
        required[name] = sorted({name_of(each.name) for each in asked})
        left += [(name_of(each.name), each.extras) for each in asked]
    return dict(sorted(required.items()))


def _component(name: str) -> Any:
    """An installed package, with its version, licence and address."""
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    facts = importlib.metadata.metadata(name)
    words = next((facts[key] for key in ("License-Expression", "License") if key in facts), "")
    classified = [c.rpartition(" :: ")[2] for c in facts.get_all("Classifier") or [] if c.startswith("License ::")]
    if not words or len(words) > 100:  # some put all of the licence there
        words = " / ".join(classified)
    version = facts["Version"]
    return Component(
        name=facts["Name"],
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", name=name, version=version),
        licenses=[LicenseFactory().make_from_string(" ".join(words.split()))] if words else [],
    )


def _written(of: Any, components: Sequence[Any], asked: Mapping[str, Sequence[str]], tools: Sequence[Any] = ()) -> str:
    """The document; `asked` has the references of what each component is made of or asks for, by its own."""
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.tool import ToolRepository
    from cyclonedx.output.json import JsonV1Dot6

    bom = Bom(components=components, metadata=BomMetaData(component=of, tools=ToolRepository(components=tools)))
    by_reference = {component.bom_ref.value: component for component in (of, *components)}
    for reference, others in asked.items():
        bom.register_dependency(by_reference[reference], [by_reference[other] for other in others])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"
