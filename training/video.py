"""Video files, frame by frame (PyAV, extra `video`): upright RGB in, the same times and the same sound out."""

import collections
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zoo.common.files import replacing

_log = logging.getLogger(__name__)
SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi"})
TOLERANCE = 1.0  # seconds that a whole video may lack of what it says: of streams that are not read, of frames without a duration
QUALITY = {"crf": "18"}


def is_video(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def transform_video(
    source: Path,
    target: Path,
    transform: Callable[[Iterator[np.ndarray]], Iterator[np.ndarray]],
    *,
    report: Callable[[int, int], None] = lambda done, total: None,
    comment: str = "",
) -> tuple[int, float]:
    """Writes `source` anew with other pictures: every frame keeps its time, the sound is copied as it is.

    Args:
        source: a video file; its first video stream and all its sound are read.
        target: the video file to write, which is whole or not there. Sides are made even by repeating the last row or column.
        transform: from the frames, uint8 [H, W, 3], upright, to as many frames, uint8 [H', W', 3], all of one size.
        report: called after each frame with how many are done, of how many (0 where the file does not say).
        comment: kept in the metadata of the file.

    Returns:
        The number of frames and the mean number of frames a second.

    Raises:
        ValueError: no video, damaged, or a target that cannot hold its sound, in one line; or PyAV is not installed.

    Example:
        >>> transform_video(Path("in.mp4"), Path("out.mp4"), lambda frames: (255 - frame for frame in frames))
    """
    av = pyav()
    if not is_video(target):
        raise ValueError(f"cannot write {target}: a video's name ends in one of {', '.join(sorted(SUFFIXES))}")
    with replacing(target) as temporary:
        try:
            with av.open(str(source)) as original, av.open(str(temporary), "w") as made:
                if not original.streams.video:
                    raise ValueError(f"{source} holds no video")
                made.metadata.update(original.metadata | ({"comment": comment} if comment else {}))
                writer = _Writer(av, original, made, source, target)
                done = writer.write(transform, report)
                rate = float(original.streams.video[0].average_rate or 0)
                writer.warn_if_cut(source)
        except av.FFmpegError as error:
            why = "; it is no video, or was cut short" if isinstance(error, av.InvalidDataError) else ""
            raise ValueError(f"cannot turn the video {source} into {target}: {error.strerror or error}{why}") from None
    return done, rate


def pyav() -> Any:
    """PyAV, which videos need.

    Raises:
        ValueError: it is not installed.
    """
    try:
        import av
    except ModuleNotFoundError:
        raise ValueError("videos need PyAV: pip install 'keras-image-zoo[video]'") from None
    return av


class _Writer:
    """From one container to the other."""

    def __init__(self, av: Any, original: Any, made: Any, source: Path, target: Path) -> None:
        self.av, self.original, self.made = av, original, made
        self.video = original.streams.video[0]
        self.video.thread_type = "AUTO"
        self.sound = {}
        for stream in original.streams.audio:
            if stream.codec_context.name not in made.supported_codecs:
                raise ValueError(
                    f"{target.suffix} cannot hold the sound of {source} ({stream.codec_context.name}); "
                    f"give --out the suffix {source.suffix} or .mkv"
                )
            self.sound[stream.index] = made.add_stream_from_template(stream)
        self.encoder: Any = None
        self.times: list[int | None] = []
        self.end = 0.0  # of what was read, in seconds
        self.early: list[Any] = []  # sound from before the first picture, without which the file cannot begin

    def write(self, transform: Callable[[Iterator[np.ndarray]], Iterator[np.ndarray]], report: Callable[[int, int], None]) -> int:
        count = 0
        for count, picture in enumerate(transform(self._frames()), 1):
            picture = np.pad(picture, [(0, picture.shape[0] % 2), (0, picture.shape[1] % 2), (0, 0)], mode="edge")
            if self.encoder is None:
                self.encoder = self._encoder(picture.shape)
                for packet in self.early:
                    self.made.mux(packet)
            self.made.mux(self.encoder.encode(self._frame(picture, self.times[count - 1])))
            report(count, self.video.frames)
        if self.encoder is None:
            raise ValueError(f"{self.original.name} holds no frame that can be read")
        self.made.mux(self.encoder.encode(None))
        return count

    def warn_if_cut(self, source: Path) -> None:
        """Logs a warning where there is less than the file says of itself, as in a download that was broken off."""
        start, length = ((ticks or 0) / self.av.time_base for ticks in (self.original.start_time, self.original.duration))
        if length - (self.end - start) > TOLERANCE:
            _log.warning("%s is cut: it holds %.1f of its %.1f seconds, and so does the result", source, self.end - start, length)

    def _frames(self) -> Iterator[np.ndarray]:
        """The frames as a person sees them. Sound that comes between them goes on to the new file."""
        for packet in self.original.demux(self.video, *self.original.streams.audio):
            if packet.pts is not None:
                self.end = max(self.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream.index in self.sound:
                if packet.dts is not None:
                    packet.stream = self.sound[packet.stream.index]
                    if self.encoder is None:
                        self.early.append(packet)
                    else:
                        self.made.mux(packet)
                continue
            for frame in packet.decode():
                self.times.append(frame.pts)
                yield np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))

    def _encoder(self, shape: tuple[int, ...]) -> Any:
        """Colours by BT.709, which the file then says; without the word, players guess by the size."""
        codec = self.made.default_video_codec
        stream = self.made.add_stream(
            codec, rate=self.video.average_rate or 25, options=QUALITY if codec != "mpeg4" else {"qscale": "3"}
        )
        stream.height, stream.width = shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = self.video.time_base
        context = stream.codec_context
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        return stream

    def _frame(self, picture: np.ndarray, time: int | None) -> Any:
        frame = self.av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
        frame.pts, frame.time_base = time, self.video.time_base
        return frame


def neighbours(frames: Iterator[np.ndarray], count: int) -> Iterator[np.ndarray]:
    """Every frame with the ones around it as channels, [H, W, count * 3], it in the middle; the first and last are repeated."""
    reach = count // 2
    window: collections.deque[np.ndarray] = collections.deque(maxlen=count)
    for frame in frames:
        window.extend([frame] * (1 if window else reach + 1))
        if len(window) == count:
            yield np.concatenate(window, axis=-1)
    for _ in range(reach if window else 0):
        window.append(window[-1])
        if len(window) == count:
            yield np.concatenate(window, axis=-1)
