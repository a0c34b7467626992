"""Real files in, real files out: what is kept, how results are called, and what is said of files that are none."""

import errno
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.cli.in_process import run
from tests.cli.profiles import DISPLAY_P3, SRGB_CURVE, profile
from tests.models import sample
from tests.training.test_video import write_video
from zoo.cli.making import Made
from zoo.cli.photo import facts_of, read_array, upright_xmp
from zoo.cli.targets import Naming, label_of, plan
from zoo.cli.written import FORMATS, Writing, merged, write
from zoo.training.pictures import write_picture

ROOT = Path(__file__).parents[2]
MAKER, AUTHOR, DATE, ORIENTATION, CAMERA, PLACE = 0x010F, 0x013B, 0x0132, 0x0112, 0x8769, 0x8825
WHEN = "2024:05:06 07:08:09"
QUICK = "fast_style/mobile"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def camera(turned=1):
    """EXIF as a phone writes it."""
    exif = Image.Exif()
    exif[MAKER], exif[AUTHOR], exif[DATE], exif[ORIENTATION] = "Phone", "Ada", WHEN, turned
    exif.get_ifd(CAMERA)[0x9003] = WHEN
    exif.get_ifd(PLACE).update({1: "N", 2: (48.0, 8.0, 9.0), 3: "E", 4: (11.0, 34.0, 0.0)})
    return exif


def photograph(file, size=64, turned=1, **options):
    values = np.round(255 * sample("coffee", size)[: size * 3 // 4]).astype(np.uint8)
    Image.fromarray(values).save(file, exif=camera(turned), **options)
    return values


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_keeps_what_the_camera_wrote(here, suffix):
    contents = profile(DISPLAY_P3, SRGB_CURVE)
    photograph("photo.jpg", turned=6, icc_profile=contents)
    assert run("apply", "denoiser/color", "photo.jpg", "--strength", 0, "--out", f"out{suffix}") == 0
    pixels, facts = read_array(Path(f"out{suffix}"))
    assert pixels.shape == (64, 48, 3) and facts.place and facts.profile.contents == contents
    assert b"DigitalSourceType" in facts.xmp
    with Image.open(f"out{suffix}") as image:
        exif = image.getexif()
        assert (exif[MAKER], exif[AUTHOR], exif[DATE], exif.get_ifd(CAMERA)[0x9003]) == ("Phone", "Ada", WHEN, WHEN)
        assert exif.get(ORIENTATION, 1) == 1
    if suffix in (".png", ".tif"):
        np.testing.assert_array_equal(pixels, read_array(Path("photo.jpg"))[0])


def test_strip_leaves_it_out_and_the_place_is_told_once(here, capfd):
    for name in ("a.jpg", "b.jpg"):
        photograph(name, icc_profile=profile(DISPLAY_P3, SRGB_CURVE))
    assert run("apply", QUICK, "a.jpg", "b.jpg", "--out", "kept") == 0
    told = [line for line in capfd.readouterr().err.splitlines() if "where it was taken" in line]
    assert told == ["a.jpg says where it was taken, and so does the result; --strip leaves that out"]
    assert run("apply", QUICK, "a.jpg", "--out", "bare.jpg", "--strip", "--no-provenance") == 0
    assert "taken" not in capfd.readouterr().err
    facts = facts_of(Path("bare.jpg"))
    assert not facts.exif and not facts.xmp and not facts.place and facts.profile


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("options", [[], ["--tile", "64"]])
def test_16_bits_go_in_and_come_out_of_a_restorer(here, suffix, channels, options):
    pixels = np.random.default_rng(0).integers(0, 65536, (70, 80, channels), np.uint16)
    values = (pixels / 65535).astype("float32")
    deep = facts_of_deep(values)
    write(Path(f"deep{suffix}"), values[..., :3], values[..., 3:] if channels == 4 else None, deep, Writing())
    assert run("apply", "denoiser/color", f"deep{suffix}", "--strength", 0, "--out", f"out{suffix}", *options) == 0
    result, facts = read_array(Path(f"out{suffix}"))
    assert facts.deep and result.dtype == np.uint16 and facts.place
    np.testing.assert_allclose(result.astype(int), pixels.astype(int), atol=1)


def facts_of_deep(values):
    """Facts of a photograph of 16 bits."""
    import dataclasses

    photograph("camera.jpg")
    return dataclasses.replace(facts_of(Path("camera.jpg")), deep=True)


def test_quality_and_resize(here):
    photograph("photo.jpg", 256)
    assert run("apply", QUICK, "photo.jpg", "--out", "fine.jpg") == 0
    assert run("apply", QUICK, "photo.jpg", "--out", "coarse.jpg", "--quality", 30) == 0
    assert run("apply", QUICK, "photo.jpg", "--out", "small.jpg", "--resize", 100) == 0
    assert 3 * Path("coarse.jpg").stat().st_size < Path("fine.jpg").stat().st_size
    with Image.open("small.jpg") as image:
        assert image.size == (100, 75)
    mask = np.zeros((192, 256), np.uint8)
    mask[50:90, 60:120] = 255
    Image.fromarray(mask).save("mask.png")
    options = ["--mask", "mask.png", "--resize", 100]
    assert run("apply", "unet_inpainter/free_form", "photo.jpg", "--out", "filled.png", *options) == 0
    with Image.open("filled.png") as image:
        assert image.size == (100, 75)


def test_results_stand_beside_and_over_nothing(here, capfd):
    photograph("IMG.JPG")
    for _ in range(3):
        assert run("apply", "fast_style/painters", "IMG.JPG", "--style", "munch") == 0
    names = ["IMG-painters-munch.JPG", "IMG-painters-munch-2.JPG", "IMG-painters-munch-3.JPG"]
    assert capfd.readouterr().out.split() == names
    before = Path(names[0]).stat().st_mtime_ns
    assert run("apply", "fast_style/painters", "IMG.JPG", "--style", "munch", "--overwrite") == 0
    assert Path(names[0]).stat().st_mtime_ns != before
    assert run("apply", QUICK, "IMG.JPG", "--out", "IMG.JPG", "--overwrite") == 2
    assert "the picture itself" in capfd.readouterr().err
    assert sorted(file.name for file in here.iterdir()) == sorted([*names, "IMG.JPG"])


def test_a_folder_keeps_its_formats_and_goes_on(here, capfd):
    (here / "photos" / "inner").mkdir(parents=True)
    photograph("photos/a.jpg")
    photograph("photos/inner/b.webp")
    Image.open("photos/a.jpg").save("photos/c.bmp")
    assert run("apply", QUICK, "photos") == 0
    made = here / "photos-mobile"
    assert sorted(str(file.relative_to(made)) for file in made.rglob("*.*")) == ["a.jpg", "c.png", "inner/b.webp"]
    (made / "a.jpg").unlink()
    kept = (made / "c.png").stat().st_mtime_ns
    capfd.readouterr()
    assert run("apply", QUICK, "photos") == 2
    assert "--skip-existing goes on with the others, --overwrite makes all anew" in capfd.readouterr().err
    assert run("apply", QUICK, "photos", "--skip-existing") == 0
    assert (made / "a.jpg").exists() and (made / "c.png").stat().st_mtime_ns == kept
    assert run("apply", QUICK, "photos", "--overwrite") == 0
    assert (made / "c.png").stat().st_mtime_ns != kept


def test_standard_input_and_output(here):
    photograph("photo.jpg")
    command = [sys.executable, "-m", "zoo.cli.main", "apply", QUICK, "-"]
    content = Path("photo.jpg").read_bytes()
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, input=content, capture_output=True, env=environment, timeout=120)
    with Image.open(io.BytesIO(done.stdout)) as image:
        assert (image.format, image.size) == ("JPEG", (64, 48))
    done = subprocess.run(
        [*command, "--out", "-", "--format", "png"], input=content, capture_output=True, env=environment, timeout=120
    )
    assert done.stdout.startswith(b"\x89PNG")
    done = subprocess.run(command, input=b"", capture_output=True, env=environment, timeout=120)
    assert done.returncode == 2 and done.stderr.decode().strip() == "zoo: nothing came in by standard input"


def many(folder, count, bad=()):
    folder.mkdir()
    for number in range(count):
        if number in bad:
            (folder / f"{number:05}.jpg").write_bytes(b"\xff\xd8\xff no picture")
        else:
            Image.new("RGB", (16, 16), (number % 256, 0, 0)).save(folder / f"{number:05}.jpg")


def test_ctrl_c_says_how_to_go_on(here):
    many(here / "photos", 2000)
    command = [sys.executable, "-m", "zoo.cli.main", "apply", QUICK, "photos"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)})
    deadline = time.monotonic() + 100
    while not list(here.glob("photos-mobile/*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "of 2000 pictures; the same command with --skip-existing goes on" in said and len(said.strip().splitlines()) == 1


def test_a_watched_folder(here):
    (here / "in").mkdir()
    photograph("in/first.jpg")
    command = [sys.executable, "-m", "zoo.cli.main", "apply", QUICK, "--watch", "in", "--out", "out"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    try:
        assert process.stdout.readline() == "out/first.jpg\n"
        (here / "in/bad.jpg").write_text("no picture")
        photograph("in/second.jpg")
        assert process.stdout.readline() == "out/second.jpg\n"
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "2 pictures made; the same command goes on" in said
    assert said.count("in/bad.jpg is not a picture") == 1


def test_a_folder_of_many_with_some_bad_ones(here, capfd):
    many(here / "photos", 300, bad=range(0, 300, 10))
    assert run("apply", QUICK, "photos", "--out", "out") == 2
    said = capfd.readouterr()
    assert "270 of 300 pictures written to out" in said.out
    assert said.err.count("skipped: ") == 30 and "30 of 300 pictures could not be read or written" in said.err
    assert len(list((here / "out").iterdir())) == 270


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a.jpg", "b.png", "--out", "x.png"], "2 pictures cannot become the one file x.png; name a folder, such as --out x"),
        (["folder", "--out", "x.jpg"], "the pictures of a folder cannot become the one file x.jpg"),
        (["folder", "folder", "--out", "x"], "is named twice; leave one out"),
        (["folder", "--format", "png", "--out", "x"], "would both become x/one.png; rename one"),
        (["a.jpg", "--out", "x.png", "--format", "jpg"], "say two things"),
        (["a.jpg", "--skip-existing", "--overwrite"], "say two things"),
        (["a.jpg", "--out", "x.xyz"], "its name must end in one of .png"),
        (["a.jpg", "b.png", "--out", "-"], "--out - takes one picture"),
        (["half.tif"], "half.tif"),
        (["half.jpg"], "half.jpg"),
        (["half.heic"], "half.heic"),
        (["half.avif"], "half.avif"),
        (["cut.mp4"], "cut.mp4"),
        (["a.jpg", "--watch", "folder"], "not both"),
        (["--watch", "folder", "--out", "folder/out"], "outside of it"),
        ([], "name pictures or folders"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_use_and_broken_files_get_one_line_and_leave_nothing(here, capfd, arguments, words):
    photograph("a.jpg")
    photograph("b.png")
    (here / "folder").mkdir()
    photograph("folder/one.jpg")
    photograph("folder/one.png")
    for kind in ("tif", "jpg", "heic", "avif"):
        values = np.random.default_rng(0).random((64, 64, 3), np.float32)
        write(Path(f"whole.{kind}"), values, None, facts_of(Path("a.jpg")), Writing())
        content = Path(f"whole.{kind}").read_bytes()
        Path(f"half.{kind}").write_bytes(content[: len(content) // 2])
        Path(f"whole.{kind}").unlink()
    write_video(here / "whole.mp4", frames=6)
    Path("cut.mp4").write_bytes(Path("whole.mp4").read_bytes()[:2000])
    before = sorted(here.rglob("*"))
    capfd.readouterr()
    assert run("apply", QUICK, *arguments) == 2
    stderr = capfd.readouterr().err.strip()
    assert words in stderr and len(stderr.splitlines()) == 1
    assert sorted(here.rglob("*")) == before


def test_names_with_newlines_and_emoji(here, capfd):
    (here / "photos").mkdir()
    for name in ("two\nlines.jpg", "\N{SNOWMAN}\N{GRINNING FACE}.jpg", "-dash.jpg", "[bold]a.jpg"):
        photograph(here / "photos" / name)
    (here / "photos" / "bad\x1b[2J.jpg").write_text("none")
    assert run("apply", QUICK, "photos", "--out", "out") == 2
    said = capfd.readouterr()
    assert "\x1b" not in said.err and "bad\\x1b[2J.jpg" in said.err
    assert sorted(file.name for file in (here / "out").iterdir()) == sorted(
        file.name for file in (here / "photos").iterdir() if "bad" not in file.name
    )


def test_a_place_that_takes_nothing_stops_a_folder_at_its_first_picture(here, capfd):
    many(here / "photos", 5)
    assert run("apply", QUICK, "photos", "--out", "/proc/none") == 2  # where root may not write either
    line = "zoo: cannot write /proc/none/00000.jpg: No such file or directory; 0 of 5 pictures are written, and the same command"
    assert capfd.readouterr().err.strip().endswith(f"{line} with --skip-existing goes on")
    assert run("apply", QUICK, "photos/00000.jpg", "--out", "/proc/none.png") == 2
    error = capfd.readouterr().err
    assert "cannot write /proc/none.png: " in error and len(error.strip().splitlines()) == 1


def test_a_full_disk_stops_a_folder_and_says_how_to_go_on(here, capfd, monkeypatch):
    many(here / "photos", 4)
    save = Image.Image.save

    def full(image, file, *words, **options):
        if sum(1 for _ in (here / "out").glob("[!.]*.jpg")) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))
        return save(image, file, *words, **options)

    monkeypatch.setattr(Image.Image, "save", full)
    assert run("apply", QUICK, "photos", "--out", "out") == 2
    said = capfd.readouterr().err.strip()
    assert "No space left on device; 2 of 4 pictures are written, and the same command with --skip-existing goes on" in said
    monkeypatch.setattr(Image.Image, "save", save)
    assert run("apply", QUICK, "photos", "--out", "out", "--skip-existing") == 0
    assert len(list((here / "out").iterdir())) == 4


def test_what_is_no_file_and_no_list_is_refused_in_one_line(here, capfd):
    os.mkfifo("pipe.jpg")
    Path("list.txt").write_bytes(b"\xff\xfe\x00")
    for words, line in ((["pipe.jpg"], "pipe.jpg is no file"), (["@list.txt"], "list.txt is no list of pictures")):
        assert run("apply", QUICK, *words) == 2
        error = capfd.readouterr().err
        assert line in error and len(error.strip().splitlines()) == 1


def test_a_broken_exif_block_is_no_matter(here, capfd):
    Image.fromarray((sample("coffee", 64) * 255).astype(np.uint8)).save("a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert run("apply", QUICK, "a.jpg") == 0
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(here, capfd):
    (here / "photos").mkdir()
    photograph("photos/a.jpg")
    (here / "photos").chmod(0o500)
    assert run("apply", QUICK, "photos/a.jpg") == 2
    assert "cannot write" in capfd.readouterr().err


def test_heic_with_and_without_the_extra_whatever_it_is_called(here, capfd, monkeypatch):
    photograph("a.jpg")
    values = sample("coffee", 64)
    write(Path("phone.heic"), values, None, facts_of(Path("a.jpg")), Writing())
    Path("phone.heic").rename("sent.jpg")
    assert run("apply", QUICK, "sent.jpg") == 0
    with Image.open("sent-mobile.jpg") as image:
        assert image.format == "JPEG" and image.getexif()[AUTHOR] == "Ada"
    Path("sent.jpg").rename("phone.heic")
    assert run("apply", QUICK, "phone.heic") == 0
    assert Path("phone-mobile.jpg").exists()
    capfd.readouterr()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert run("apply", QUICK, "phone.heic", "--out", "x.png") == 2
    assert "pip install 'keras-image-zoo[heif]'" in capfd.readouterr().err
    assert run("apply", QUICK, "a.jpg", "--out", "x.heic") == 2
    assert "pip install 'keras-image-zoo[heif]'" in capfd.readouterr().err


def test_a_picture_that_changes_while_it_is_read(here, capfd, monkeypatch):
    """Its header was whole, and its pixels are not there any more."""
    from zoo.training import pictures

    photograph("a.jpg", 256)
    original = pictures.upright

    def cut(image, **options):
        content = Path("a.jpg").read_bytes()
        Path("a.jpg").write_bytes(content[: len(content) // 3])
        return original(image, **options)

    monkeypatch.setattr(pictures, "upright", cut)
    assert run("apply", QUICK, "a.jpg") == 2
    said = capfd.readouterr().err
    assert "cannot read the picture a.jpg" in said and len(said.strip().splitlines()) == 1
    assert [file.name for file in here.iterdir()] == ["a.jpg"]


def test_labels_and_plans(here):
    photograph("a.jpg")
    assert label_of("runs/wave", ()) == "wave"
    assert label_of("fast_style/painters", ("munch:0.7",)) == "painters-munch"
    assert label_of("adain/any", ("my styles/sea view.jpg",)) == "any-sea_view"
    assert label_of("adain/any", ("a.jpg", "b.jpg")) == "any"
    assert plan([Path("a.jpg")], None, Naming("x", ".tif")) == [(Path("a.jpg"), Path("a-x.tif"))]


def test_their_xmp_and_ours_become_one():
    theirs = b"<x:xmpmeta><rdf:RDF><rdf:Description a='1'/></rdf:RDF></x:xmpmeta>"
    ours = b"<p><rdf:RDF><rdf:Description b='2'/></rdf:RDF></p>"
    both = b"<x:xmpmeta><rdf:RDF><rdf:Description a='1'/><rdf:Description b='2'/></rdf:RDF></x:xmpmeta>"
    assert merged(theirs, ours) == both
    assert merged(b"", ours) == ours and merged(theirs, b"") == theirs and merged(b"damaged", ours) == ours


def test_xmp_says_upright_too():
    packet = b'<a tiff:Orientation="6"/><tiff:Orientation>8</tiff:Orientation>'
    assert upright_xmp(packet) == b'<a tiff:Orientation="1"/><tiff:Orientation>1</tiff:Orientation>'


def test_importing_is_quiet(here):
    """Of TensorFlow's lines about CUDA and oneDNN none is seen, in Python neither."""
    code = "import zoo; model = zoo.create('denoiser', preset='tiny'); model.inference_model()"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300, env=environment)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_written_picture_is_what_training_reads(here):
    write_picture("plain.png", sample("coffee", 32))
    assert run("apply", "denoiser/color", "plain.png", "--strength", 0, "--out", "out.png") == 0
    with Image.open("plain.png") as a, Image.open("out.png") as b:
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_a_picture_that_changes_while_it_is_read_is_not_mixed_with_what_comes_after(here):
    photograph("photo.jpg")

    def transform(source):
        values = read_array(source)[0]
        photograph("photo.jpg", 96, icc_profile=profile(DISPLAY_P3, SRGB_CURVE))
        return values, None

    made = Made(transform, styled=False, strip=False, writing=Writing())
    with pytest.raises(ValueError, match=r"photo\.jpg was changed while it was read; take it again"):
        made(Path("photo.jpg"), Path("out.png"))
    assert not Path("out.png").exists()
    made = Made(lambda source: (read_array(source)[0], None), styled=False, strip=False, writing=Writing())
    made(Path("photo.jpg"), Path("out.png"))
    assert Path("out.png").exists()
