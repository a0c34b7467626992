"""Video files: times, sound, orientation and colours are kept, and nothing is left of a failure."""

import struct
from fractions import Fraction

import numpy as np
import pytest

from zoo.training.video import neighbours, transform_video

av = pytest.importorskip("av")


def write_video(path, size=(48, 64), frames=8, rate=12, sound=True, times=None, noise=False):
    """Flat colours (or noise, for a file of some size), a white corner at the upper left; a tone of one second."""
    random = np.random.default_rng(0)
    height, width = size
    with av.open(str(path), "w") as file:
        video = file.add_stream("h264", rate=rate)
        video.height, video.width = size
        video.pix_fmt = "yuv444p"
        video.time_base = video.codec_context.time_base = Fraction(1, 100 * rate)
        if sound:
            audio = file.add_stream("aac", rate=44100, layout="mono")
        for index in range(frames):
            picture = np.full((height, width, 3), (200, 60, 30), "uint8")
            picture[height // 2 :] = (20, 160, 220)
            if noise:
                picture = random.integers(0, 256, picture.shape).astype("uint8")
            picture[:8, :8] = 255
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = (times or range(0, 100 * frames, 100))[index], Fraction(1, 100 * rate)
            file.mux(video.encode(frame))
        file.mux(video.encode(None))
        if sound:
            tone = (0.3 * np.sin(np.arange(44100) / 16)).astype("float32")[None]
            for start in range(0, 43 * 1024, 1024):
                samples = av.AudioFrame.from_ndarray(np.ascontiguousarray(tone[:, start : start + 1024]), "fltp", "mono")
                samples.rate, samples.pts = 44100, start
                file.mux(audio.encode(samples))
            file.mux(audio.encode(None))


def read_video(path):
    """Pictures, times in seconds, and packets of sound."""
    with av.open(str(path)) as file:
        frames = [(frame.to_ndarray(format="rgb24"), frame.time) for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        sound = [bytes(packet) for packet in file.demux() if packet.stream.type == "audio" and packet.size]
    return [picture for picture, _ in frames], [time for _, time in frames], sound


def same(frames):
    yield from frames


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_times_sound_and_colours_are_kept(suffix, tmp_path):
    write_video(tmp_path / "in.mp4", times=[0, 100, 250, 300, 480, 500, 600, 790])
    seen = []
    count, _ = transform_video(tmp_path / "in.mp4", tmp_path / f"out{suffix}", same, report=lambda *done: seen.append(done))
    pictures, times, sound = read_video(tmp_path / "in.mp4")
    made, made_times, made_sound = read_video(tmp_path / f"out{suffix}")
    assert count == len(made) == len(pictures) == 8 and seen[-1] == (8, 8)
    np.testing.assert_allclose(np.diff(made_times), np.diff(times), atol=2e-3)
    assert made_sound == sound and sound
    for point in ((16, 32), (40, 32), (3, 3)):
        np.testing.assert_allclose(made[3][point].astype(int), pictures[3][point], atol=4)


def test_odd_sides_are_made_even_and_no_sound_is_none(tmp_path):
    write_video(tmp_path / "in.mp4", size=(49, 65), sound=False)
    transform_video(tmp_path / "in.mp4", tmp_path / "out.mp4", same)
    pictures, _, sound = read_video(tmp_path / "out.mp4")
    assert pictures[0].shape == (50, 66, 3) and not sound


def test_a_phone_held_upright(tmp_path):
    write_video(tmp_path / "in.mp4", sound=False)
    whole = bytearray((tmp_path / "in.mp4").read_bytes())
    matrix = whole.find(b"tkhd") + 44
    whole[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)  # a quarter to the right
    (tmp_path / "phone.mp4").write_bytes(whole)
    transform_video(tmp_path / "phone.mp4", tmp_path / "out.mp4", same)
    picture = read_video(tmp_path / "out.mp4")[0][0]
    assert picture.shape == (64, 48, 3)
    assert picture[3, -4].min() > 200 and picture[3, 3].min() < 100


def test_frames_come_with_their_neighbours():
    def stacks(frames, count):
        return [stack[0, 0, ::3].tolist() for stack in neighbours((np.full((1, 1, 3), i) for i in range(frames)), count)]

    assert stacks(4, 3) == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 3]]
    assert stacks(2, 5) == [[0, 0, 0, 1, 1], [0, 0, 1, 1, 1]]
    assert stacks(1, 3) == [[0, 0, 0]] and stacks(2, 1) == [[0], [1]] and stacks(0, 3) == []


def test_half_a_video_is_made_and_said_to_be_half(tmp_path, caplog):
    source = tmp_path / "in.mkv"
    write_video(source, frames=60, sound=False, noise=True)
    assert transform_video(source, tmp_path / "whole.mp4", same)[0] == 60
    assert not caplog.records
    whole = (source).read_bytes()
    (source).write_bytes(whole[: len(whole) // 2])
    count, _ = transform_video(source, tmp_path / "half.mp4", same)
    assert 0 < count < 45
    (record,) = caplog.records
    assert f"{source} is cut: it holds" in record.message and "of its 5.0 seconds" in record.message


def failing(frames):
    next(frames)
    raise KeyboardInterrupt


def test_a_failure_leaves_nothing(tmp_path):
    write_video(tmp_path / "in.mp4")
    whole = (tmp_path / "in.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.mp4").write_text("not a video")
    before = sorted(tmp_path.iterdir())
    for name in ("cut.mp4", "text.mp4"):
        with pytest.raises(ValueError, match=f"cannot turn the video .*{name}.*Invalid data.*cut short") as error:
            transform_video(tmp_path / name, tmp_path / "out.mp4", same)
        assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=r"\.webm cannot hold the sound .*aac.*\.mkv"):
        transform_video(tmp_path / "in.mp4", tmp_path / "out.webm", same)
    with pytest.raises(ValueError, match="a video's name ends in"):
        transform_video(tmp_path / "in.mp4", tmp_path / "out.txt", same)
    with pytest.raises(KeyboardInterrupt):
        transform_video(tmp_path / "in.mp4", tmp_path / "out.mp4", failing)
    assert sorted(tmp_path.iterdir()) == before
