"""All eight ways to hold a camera, as for photos."""

import struct
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from fer.video.orientation import Orientation
from fer.vision.image import read_image
from tests.support.videos import analyse, moving_face, read, write_video

# EXIF's number: a b c d of the display matrix (x' = a x + c y, y' = b x + d y), and how a picture
# must be stored so that it is displayed upright.
EIGHT = {
    1: ((1, 0, 0, 1), lambda rgb: rgb),
    2: ((-1, 0, 0, 1), np.fliplr),
    3: ((-1, 0, 0, -1), lambda rgb: np.rot90(rgb, 2)),
    4: ((1, 0, 0, -1), np.flipud),
    5: ((0, 1, 1, 0), lambda rgb: rgb.swapaxes(0, 1)),
    6: ((0, 1, -1, 0), np.rot90),
    7: ((0, -1, -1, 0), lambda rgb: np.rot90(rgb, 2).swapaxes(0, 1)),
    8: ((0, -1, 1, 0), lambda rgb: np.rot90(rgb, -1)),
}


def turn(path, matrix):
    """Write a display matrix into the track header of an MP4 file with one track."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # of its version 0
    a, b, c, d = (65536 * value for value in matrix)
    data[at : at + 20] = struct.pack(">5i", a, b, 0, c, d)
    path.write_bytes(data)


@pytest.mark.parametrize("number", EIGHT)
def test_a_video_is_displayed_as_a_photo_of_the_same_orientation(recognizer, tmp_path, number):
    matrix, store = EIGHT[number]
    upright = [rgb[:-16] for rgb in moving_face(6)]  # 320 × 224
    stored = [np.ascontiguousarray(store(rgb)) for rgb in upright]
    video, photo = tmp_path / "in.mp4", tmp_path / "in.png"
    turn(write_video(video, stored), matrix)
    exif = Image.Exif()
    exif[0x0112] = number
    Image.fromarray(stored[0]).save(photo, exif=exif)
    assert np.array_equal(read_image(photo), upright[0])
    reader, frames = read(video)
    assert (reader.info.width, reader.info.height) == (320, 224)
    assert np.abs(frames[0].rgb.astype(int) - upright[0]).mean() < 6
    result = analyse(recognizer, video, tmp_path / "out.mp4", every=1)
    assert len(result.timeline) == 6
    _, written = read(result.path)
    assert np.abs(written[0].rgb.astype(int) - upright[0]).mean() < 12  # with a box on it


def test_a_mirrored_video_with_pixels_that_are_not_square(tmp_path):
    upright = moving_face(2)[0]
    stored = np.ascontiguousarray(upright.swapaxes(0, 1)[:, ::2])  # 120 × 320, pixels 2 : 1
    video = write_video(tmp_path / "in.mp4", [stored] * 2, pixel_shape=Fraction(2))
    turn(video, EIGHT[5][0])
    reader, frames = read(video)
    assert (reader.info.width, reader.info.height) == (320, 240)
    assert np.abs(frames[0].rgb.astype(int) - upright).mean() < 8


class Slanted:
    def __init__(self, *matrix):
        a, b, c, d = (round(65536 * value) for value in matrix)
        self.side_data = {"DISPLAYMATRIX": np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], np.int32)}


@pytest.mark.parametrize(
    ("matrix", "nearest"),
    [
        ((0.98, 0.17, -0.17, 0.98), Orientation()),
        ((0.17, 0.98, -0.98, 0.17), Orientation(True, left_right=True)),
        ((0, 0, 0, 0), Orientation()),
    ],
    ids=["10 degrees", "80 degrees", "nonsense"],
)
def test_a_slanted_video_is_displayed_the_nearest_way(matrix, nearest):
    assert Orientation.of(Slanted(*matrix)) == nearest
