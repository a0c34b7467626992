"""What a picture that a model made says of itself, for people (text) and for programs (XMP, in the words of IPTC)."""

from collections.abc import Mapping
from html import escape

from zoo import __version__
from zoo.roles import Latent, Layers, Role, Signature

# https://cv.iptc.org/newscodes/digitalsourcetype/
GENERATED, EDITED, COMPOSITE = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "composite"
WORDS = {
    GENERATED: "Made by the model {} out of random numbers: nothing in it was seen by a camera.",
    EDITED: "Changed by the model {}: it does not show what a camera saw.",
    COMPOSITE: "Put together out of several pictures by the model {}: it does not show what a camera saw.",
}
# The roles out of which a picture is made that no camera saw, or several saw.
SOURCES: Mapping[type[Role], str] = {Latent: GENERATED, Layers: COMPOSITE}
XMP = "XML:com.adobe.xmp"  # the keyword of XMP in PNG text

# AISystemUsed came with IPTC Photo Metadata 2025.1.
_PACKET = """<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:CreatorTool="{tool}"
 xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 Iptc4xmpExt:DigitalSourceType="http://cv.iptc.org/newscodes/digitalsourcetype/{kind}"
 Iptc4xmpExt:AISystemUsed="{model}"/></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""


def source_type(signature: Signature) -> str:
    """The digital source type of what a model makes: out of a latent, out of several elements with alpha, or out of a picture."""
    return next((SOURCES[type(role)] for role in signature.inputs.values() if type(role) in SOURCES), EDITED)


def provenance(kind: str, facts: Mapping[str, str]) -> dict[str, str]:
    """Text for a picture, by PNG keyword; XMP goes by its own. `facts` are those of `zoo.export.metadata`.

    Example:
        >>> provenance(source_type(load("wave.onnx").signature), {"model": "wave"})["Description"]
        'Changed by the model wave: it does not show what a camera saw.'
    """
    # A file made elsewhere may say anything, and XML has no way to write a control character.
    facts = {key: "".join(c for c in value if c.isprintable()) for key, value in facts.items()}
    model = facts["model"]
    tool = f"keras-image-zoo {__version__}"
    text = {"Software": tool, "Description": WORDS[kind].format(model), "DigitalSourceType": kind, "Model": model}
    if "weights_sha256" in facts:
        text["ModelWeights"] = f"SHA-256 {facts['weights_sha256']}"
    return {**text, XMP: _PACKET.format(tool=escape(tool), kind=kind, model=escape(model))}
