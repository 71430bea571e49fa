"""From sources to rows: the one function that every engine runs, the same on every machine."""

import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from fer.archive.parts import Chunk, Part, Problem, Settings
from fer.archive.rows import Rows
from fer.archive.source import VIDEO, Source, as_file, is_remote, read_bytes
from fer.errors import UserError
from fer.video.follow import follow
from fer.video.read import VideoReader
from fer.vision.image import read_image
from fer.vision.recognize import Recognizer
from fer.vision.track import Tracker

_AHEAD = 2
"""Photos that are decoded while others are recognised: more would only take memory."""

_TOGETHER, _BYTES = 8, 16_000_000
"""Photos that are recognised as one batch: so many, or fewer once they take so much memory.
Together each stage finds its network in the processor's cache, which saves a twentieth."""

_Picture = tuple[Source, NDArray[np.uint8]]


def analyse(recognizer: Recognizer, settings: Settings, chunk: Chunk) -> Part:
    """The faces of a chunk's sources. A source that cannot be read becomes a `Problem`.

    Nothing but the sources and the settings decides what is answered.
    """
    rows, problems, seconds = Rows(settings.model_sha256), list[Problem](), 0.0
    photos = [source for source in chunk.sources if source.kind != VIDEO]
    videos = [source for source in chunk.sources if source.kind == VIDEO]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on unusual depths: a million photos would fill a screen
        for group in _groups(_readable(photos, problems)):
            _look_at(recognizer, group, rows, problems)
        for source in videos:
            watched, problem = _watch(recognizer, settings, source, rows)
            seconds += watched
            problems += [problem] if problem else []
    size = sum(source.size for source in chunk.sources)
    return Part(chunk.number, rows.table(), tuple(problems), len(chunk.sources), size, seconds)


def _look_at(
    recognizer: Recognizer, group: Sequence[_Picture], rows: Rows, problems: list[Problem]
) -> None:
    """Add the faces of some photos to ``rows``: one batch, unless one of them brings it down."""
    try:
        answers = recognizer([rgb for _, rgb in group])
    except Exception as error:
        if len(group) == 1:
            problems.append(_problem(group[0][0], error))
        else:
            for picture in group:
                _look_at(recognizer, [picture], rows, problems)
        return
    for (source, rgb), faces in zip(group, answers, strict=True):
        rows.add(_told(source), faces, rgb)


def _groups(pictures: Iterator[_Picture]) -> Iterator[list[_Picture]]:
    """Neighbours that are looked at together; large photos alone, for the sake of memory."""
    group: list[_Picture] = []
    for picture in pictures:
        group.append(picture)
        if len(group) == _TOGETHER or sum(rgb.nbytes for _, rgb in group) > _BYTES:
            yield group
            group = []
    if group:
        yield group


def _readable(photos: Sequence[Source], problems: list[Problem]) -> Iterator[_Picture]:
    """The photos that can be read; the others become ``problems``."""
    for source, picture in _decoded_ahead(photos):
        try:
            rgb = picture.result()
        except Exception as error:
            problems.append(_problem(source, error))
        else:
            yield source, rgb


def _decoded_ahead(photos: Sequence[Source]) -> Iterator[tuple[Source, Future[NDArray[np.uint8]]]]:
    """The photos in order; the next ones are read while the caller looks at one."""
    ahead: deque[tuple[Source, Future[NDArray[np.uint8]]]] = deque()
    with ThreadPoolExecutor(1) as reader:
        for source in photos:
            ahead.append((source, reader.submit(_read_photo, source)))
            if len(ahead) > _AHEAD:
                yield ahead.popleft()
        while ahead:
            yield ahead.popleft()


def _read_photo(source: Source) -> NDArray[np.uint8]:
    if source.problem:
        raise UserError(source.problem)
    if source.offset is None and not is_remote(source.address):
        return read_image(source.address, source.name)
    return read_image(read_bytes(source), source.name)


def _watch(
    recognizer: Recognizer, settings: Settings, source: Source, rows: Rows
) -> tuple[float, Problem | None]:
    """Add the faces of a video to ``rows``; how many seconds of it were read, and what was not."""
    seconds = 0.0
    try:
        if source.problem:
            raise UserError(source.problem)
        with as_file(source) as path, VideoReader(path) as reader:
            frames = reader.frames(pause=settings.every)
            for stretch in follow(recognizer, Tracker(), frames, every=1):
                frame, faces = stretch.frames[0], stretch.faces[0]
                rows.add(_told(source), faces, frame.rgb, frame.number, frame.seconds)
                seconds = reader.until  # beyond the last look there may be much that has none
    except Exception as error:
        return seconds, _problem(source, error, partly=seconds > 0)
    notes = " ".join(reader.notes)
    return seconds, Problem(source.name, notes, partly=True) if notes else None


def _told(source: Source) -> dict[str, str]:
    return {"source": source.name, "kind": source.kind}


def _problem(source: Source, error: Exception, partly: bool = False) -> Problem:
    """A sentence for people; what is no `UserError` is told with its kind."""
    if isinstance(error, UserError):
        return Problem(source.name, str(error), partly)
    said = " ".join(str(error).split()) or "no message"
    sentence = f"{source.name} could not be analysed ({type(error).__name__}: {said})."
    return Problem(source.name, sentence, partly)
