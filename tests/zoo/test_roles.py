"""Roles: their tensors, what may be left out, and that they come back from JSON; every family's are those of its network."""

import json

import pytest

import zoo
from zoo import roles
from zoo._registry import families
from zoo.roles import Signature, assumed

EVERY = (
    roles.Photograph(channels=1),
    roles.Frames(count=3, name="frames"),
    roles.Layers(count=2, name="layers", size=(64, 48)),
    roles.HoleMask(),
    roles.StylePicture(),
    roles.Share(name="strength", meaning="0 to 1", value=0.5),
    roles.Weights(names=("munch", "mosaic")),
    roles.Latent(length=8),
    roles.Choice(names=("cat", "dog", "ship")),
    roles.Values(name="code", axes=(4,)),
)


def test_every_role_is_among_the_examples():
    assert {type(role) for role in EVERY} == set(roles.ROLES) - {roles.Result}


def test_shapes_ranges_and_defaults():
    shapes = [role.shape for role in EVERY]
    assert shapes == [
        ("batch", "height", "width", 1),
        ("batch", "height", "width", 9),
        ("batch", 64, 48, 8),
        ("batch", "height", "width", 1),
        ("batch", "style_height", "style_width", 3),
        ("batch",),
        ("batch", 2),
        ("batch", 8),
        ("batch",),
        ("batch", 4),
    ]
    assert [role.default for role in EVERY if role.default is not None] == [0.5, [0.5, 0.5]]
    assert EVERY[8].dtype == "int32" and EVERY[8].range == (0, 2)
    one_hot = roles.Choice(names=("cat", "dog"), one_hot=True)
    assert one_hot.dtype == "float32" and one_hot.shape == ("batch", 2) and one_hot.range == (0, 1)
    assert roles.Result(scale=2).shape == ("batch", "2*height", "2*width", 3)


def test_a_signature_comes_back_from_json():
    signature = Signature.of(EVERY, [roles.Result(scale=3)])
    written = json.loads(json.dumps(signature.to_json()))
    assert Signature.from_json(written) == signature
    assert written["inputs"]["strength"]["role"] == "share" and written["inputs"]["strength"]["default"] == 0.5
    written["inputs"]["strength"]["role"] = "whim"
    with pytest.raises(ValueError, match="there is no role 'whim'"):
        Signature.from_json(written)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("name",), "\x1b[31m"),
        (("name",), 3),
        (("batch",), -1),
        (("size",), [0, 0]),
        (("size",), "large"),
        (("channels",), "3"),
        (("channels",), None),
        (("channels",), {}),
    ],
)
def test_what_somebody_else_wrote_into_a_manifest_is_refused(place, value):
    written = Signature.of([roles.Photograph()], [roles.Result()]).to_json()
    written["inputs"]["image"][place[0]] = value
    with pytest.raises((ValueError, TypeError, KeyError)):
        Signature.from_json(written)


def test_roles_in_a_file_of_fixed_size():
    signature = Signature.of([roles.Photograph(), roles.Share(name="strength")], [roles.Result(scale=2)])
    fixed = signature.fitted({"image": (1, 32, 48, 3), "strength": (1,)}, {"output_image": (1, 64, 96, 3)})
    assert fixed.inputs["image"].shape == (1, 32, 48, 3) and fixed.outputs["output_image"].shape == (1, 64, 96, 3)
    assert fixed.own_size == (32, 48) and signature.own_size is None and signature.free_size
    assert signature.fitted({"image": (-1, -1, None, 3), "strength": (-1,)}, {"output_image": (-1,) * 3 + (3,)}) == signature
    with pytest.raises(ValueError, match="its tensors are image, and its roles image, strength"):
        signature.fitted({"image": (1, 32, 48, 3)}, {"output_image": (1, 64, 96, 3)})


def test_what_says_nothing_of_itself_is_assumed_by_its_name():
    named = {
        ("image", (None, None, None, 3)): roles.Photograph,
        ("image", (None, None, None, 9)): roles.Frames,
        ("image", (None, None, None, 8)): roles.Layers,
        ("mask", (None, None, None, 1)): roles.HoleMask,
        ("style", (None, None, None, 3)): roles.StylePicture,
        ("strength", (None,)): roles.Share,
        ("style_weights", (None, 5)): roles.Weights,
        ("latent", (None, 16)): roles.Latent,
        ("label", (None, 10)): roles.Choice,
        ("embedding", (None, 7)): roles.Values,
    }
    assert {key: type(assumed(key[0], "float32", key[1])) for key in named} == named
    assert type(assumed("output_image", "float32", (None, None, None, 3), output=True)) is roles.Result


@pytest.mark.parametrize("name", [name for name, cls in families().items() if cls.deployable])
def test_a_family_declares_the_tensors_of_its_network(name):
    model = zoo.create(name, preset="tiny")
    for key, network in model.inference_models().items():
        signature = model.signatures[key]
        assert {n: (t.dtype, tuple(t.shape)) for n, t in network.input.items()} == {
            n: (role.dtype, role.sized(None, None)) for n, role in signature.inputs.items()
        }
        assert set(network.output) == set(signature.outputs)


def test_styles_are_called_by_their_names():
    model = zoo.create("fast_style", preset="tiny", styles=2, style_names=("munch", "mosaic"))
    assert model.signature.inputs["style_weights"].names == ("munch", "mosaic")
    assert zoo.create("fast_style", preset="tiny", styles=2).signature.inputs["style_weights"].names == ("0", "1")
    with pytest.raises(ValueError, match="style_names needs 2 different name"):
        zoo.create("fast_style", preset="tiny", styles=2, style_names=("munch", "munch"))
