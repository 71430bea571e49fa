"""Some hundreds of files that strangers might send: damaged, lying, enormous, or something else.

Made from code, the same ones each time; `bad_files` yields their names and contents.
"""

import io
import struct
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

Named = tuple[str, bytes]

_ENDINGS = {
    "JPEG": "jpg", "PNG": "png", "WEBP": "webp", "GIF": "gif", "TIFF": "tiff", "BMP": "bmp",
    "PPM": "ppm", "AVIF": "avif", "JPEG2000": "jp2",
}  # fmt: skip
_HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
_HUGE = ((20_000, 20_000), (65_535, 40_000), (2**31 - 1, 2**31 - 1))

NAMES = (
    "..%2f..%2fetc%2fpasswd.png", "..\\..\\evil.png", "new\nline.png", "bell\x07.png",
    "\x1b[31mred.png", "-rf.png", "photo[1].png", "a'b\"c`$(id).png", "<script>.png",
    "\u202egnp.exe.png", "🙂.png", "con.png", "no suffix", "é" * 100 + ".png", "." * 60 + ".png",
    "http:__127.0.0.1_x.png", "%s%n%x.png", "{0.__class__}.png", "x" * 250 + ".png",
)  # fmt: skip
"""Names that file systems take and that somebody might trip over."""


def bad_files(scratch: Path) -> Iterator[Named]:
    """Every file by name, in a fixed order; videos are made in the folder ``scratch``."""
    pictures = {kind: _picture(kind) for kind in _ENDINGS}
    clips = {ending: _clip(scratch / f"clip.{ending}") for ending in ("mp4", "webm", "avi", "ts")}
    yield from _spoilt(pictures)
    yield from _small_and_long()
    yield from _modes()
    yield from _bombs(pictures)
    yield from _giants()
    yield from _foreign(pictures, clips)
    yield from _videos(clips)
    for name in NAMES:
        yield name, pictures["PNG"][:200]


def _noise(width: int = 96, height: int = 64, channels: int = 3) -> np.ndarray:
    random = np.random.default_rng(14)
    return random.integers(0, 256, (height, width, channels), np.uint8)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def _picture(kind: str) -> bytes:
    return _saved(Image.fromarray(_noise()), kind)


def _spoilt(pictures: dict[str, bytes]) -> Iterator[Named]:
    """Cut off, with bits turned over, with a piece missing, doubled, or under a wrong name."""
    for kind, content in pictures.items():
        ending, size = _ENDINGS[kind], len(content)
        for percent in (1, 5, 25, 50, 75, 99):
            yield f"cut-{percent}.{ending}", content[: size * percent // 100]
        for seed in range(6):
            yield f"flipped-{seed}.{ending}", flipped(content, seed, 1 + 4 * seed)
        head = flipped(content[:64], 7, 12)
        yield f"head.{ending}", head + content[64:]
        yield f"hole.{ending}", content[: size // 3] + content[size // 2 :]
        yield f"twice.{ending}", content + content
        yield f"wrong-name-{ending}.{'png' if ending != 'png' else 'jpg'}", content
        yield f"empty.{ending}", b""


def flipped(content: bytes, seed: int, count: int) -> bytes:
    """``content`` with ``count`` bits turned over, at places that ``seed`` decides."""
    spoilt = bytearray(content)
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(spoilt), count).tolist():
        spoilt[place] ^= 1 << int(random.integers(8))
    return bytes(spoilt)


def _small_and_long() -> Iterator[Named]:
    for kind, ending in _ENDINGS.items():
        for width, height in ((1, 1), (1, 3000), (3000, 1)):
            yield f"{width}x{height}.{ending}", _saved(Image.new("RGB", (width, height)), kind)


def _modes() -> Iterator[Named]:
    """What cameras and programs write besides eight-bit RGB."""
    rgb = Image.fromarray(_noise())
    for mode in ("CMYK", "L"):
        yield f"{mode}.jpg", _saved(rgb.convert(mode), "JPEG")
    for mode in ("1", "P", "LA", "RGBA"):
        yield f"{mode}.png", _saved(rgb.convert(mode), "PNG")
    for mode in ("CMYK", "YCbCr", "1"):
        yield f"{mode}.tiff", _saved(rgb.convert(mode), "TIFF")
    yield "LAB.tiff", _saved(Image.new("LAB", (96, 64), (90, 20, 30)), "TIFF")
    deep = (np.arange(96 * 64).reshape(64, 96) * 10).astype(np.uint16)
    yield "16-bit.png", _saved(Image.fromarray(deep), "PNG")
    yield "16-bit.tiff", _saved(Image.fromarray(deep), "TIFF")
    for name, value in (("nan", np.nan), ("infinite", np.inf), ("huge", 3e38)):
        values = np.full((64, 96), value, np.float32)
        values[0] = 0
        yield f"{name}.tiff", _saved(Image.fromarray(values), "TIFF")
    exif = Image.Exif()
    exif[0x0112] = 99
    yield "orientation.jpg", _saved(rgb, "JPEG", exif=exif)
    yield "exif.jpg", _saved(rgb, "JPEG", exif=b"Exif\x00\x00MM\x00*" + b"\xff" * 4000)
    yield "profile.jpg", _saved(rgb, "JPEG", icc_profile=b"\xff" * 60_000)


def png(width: int, height: int, depth: int = 8, color: int = 2) -> bytes:
    """A PNG of zeros, packed as small as they can be."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[color]
    row = bytes(1 + (width * depth * channels + 7) // 8)
    packer = zlib.compressobj(1, wbits=-15)
    packed = packer.compress(row) + packer.flush(zlib.Z_FULL_FLUSH)  # may be repeated as it is
    checksum = (len(row) * height % 65521) << 16 | 1  # Adler-32 of zeros
    data = b"\x78\x01" + packed * height + b"\x03\x00" + struct.pack(">I", checksum)
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in parts)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def claiming(kind: str, content: bytes, width: int, height: int) -> bytes:
    """``content``, a picture of the format ``kind``, whose header claims another size."""
    low, high = (width & 0xFFFF, height & 0xFFFF), (width, height)
    if kind == "PNG":
        size = struct.pack(">II", *high)
        return content[:8] + _chunk(b"IHDR", size + content[24:29]) + content[33:]
    if kind == "PPM":
        return b"P6 %d %d 255\n" % high + bytes(100)
    places = {
        "JPEG": (b"\xff\xc0", 5, ">HH", low[::-1]),
        "GIF": (b"GIF", 6, "<HH", low),
        "BMP": (b"BM", 18, "<ii", high),
        "AVIF": (b"ispe", 8, ">II", high),
        "JPEG2000": (b"ihdr", 4, ">II", high[::-1]),
        "WEBP": (b"VP8 ", 14, "<HH", (width & 0x3FFF, height & 0x3FFF)),
    }
    if kind == "TIFF":  # entries of a directory: tag, type, count, value
        for tag, side in ((256, width), (257, height)):
            at = content.index(struct.pack("<HH", tag, 4)) + 8
            content = content[:at] + struct.pack("<I", side) + content[at + 4 :]
        return content
    marker, skip, form, values = places[kind]
    at = content.index(marker) + skip
    return content[:at] + struct.pack(form, *values) + content[at + struct.calcsize(form) :]


def _bombs(pictures: dict[str, bytes]) -> Iterator[Named]:
    for kind, content in pictures.items():
        for width, height in _HUGE:
            name = f"claims-{width}x{height}.{_ENDINGS[kind]}"
            yield name, claiming(kind, content, width, height)
    yield "144-megapixels.png", png(12_000, 12_000, depth=1, color=0)
    # The largest that are let in, in the kinds that need the most memory.
    turned = Image.Exif()
    turned[0x0112] = 5
    tags = _chunk(b"eXIf", turned.tobytes()[6:])  # without the name that JPEG puts before it
    alpha = png(7_900, 7_900, color=6)
    yield "63-megapixels-turned-alpha.png", alpha[:33] + tags + alpha[33:]
    yield "63-megapixels-16-bit.png", png(7_900, 7_900, depth=16, color=0)
    yield "63-megapixels-colour-16-bit.png", png(7_900, 7_900, depth=16, color=2)
    text = zlib.compress(bytes(30_000_000), 1)
    small = png(8, 8)
    for kind, head in ((b"zTXt", b"k\x00\x00"), (b"iCCP", b"k\x00\x00")):
        yield f"{kind.decode()}.png", small[:33] + _chunk(kind, head + text) + small[33:]
    frames = [Image.new("1", (300, 300), i % 2) for i in range(60)]
    yield "frames.gif", _saved(frames[0], "GIF", save_all=True, append_images=frames[1:])
    loop = bytearray(pictures["TIFF"])
    directory = struct.unpack_from("<I", loop, 4)[0]
    entries = struct.unpack_from("<H", loop, directory)[0]
    struct.pack_into("<I", loop, directory + 2 + 12 * entries, directory)
    yield "directory-loop.tiff", bytes(loop)


def webp(width: int, height: int) -> bytes:
    """A whole WebP of one colour in 34 bytes, up to 16383 pixels a side.

    All codes of its one value are of no bits, so that only the header tells how many pixels follow.
    """
    small = _saved(Image.new("RGB", (64, 64)), "WEBP", lossless=True, quality=0, method=0)
    at = small.index(b"VP8L") + 9  # twice fourteen bits, then those of alpha and version
    size = (width - 1) | (height - 1) << 14
    return small[:at] + struct.pack("<I", size) + small[at + 4 :]


def _giants() -> Iterator[Named]:
    """Whole pictures, small as files, of more megapixels than the 64, or fewer, that are let in."""
    yield "268-megapixels.webp", webp(16_383, 16_383)
    yield "63-megapixels.webp", webp(16_383, 3_900)
    yield "39-megapixels-flat.webp", webp(16_383, 2_400)  # let in
    for packing in ("group4", "tiff_adobe_deflate"):
        whole = _saved(Image.new("1", (20_000, 20_000)), "TIFF", compression=packing)
        yield f"{packing}-400-megapixels.tiff", whole
    square = (8_100, 8_100)
    yield "65-megapixels.bmp", _saved(Image.new("1", square), "BMP")
    yield "65-megapixels.ppm", _saved(Image.new("1", square), "PPM")
    yield "65-megapixels.gif", _saved(Image.new("P", square), "GIF")
    yield "65-megapixels.jpg", _saved(Image.new("L", square), "JPEG", quality=1)
    yield "17-megapixels.jp2", _saved(Image.new("L", (4_100, 4_100)), "JPEG2000")


def _foreign(pictures: dict[str, bytes], clips: dict[str, bytes]) -> Iterator[Named]:
    """Everything that is no picture, or two things at once."""
    jpeg, gif = pictures["JPEG"], pictures["GIF"]
    entity = b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>'
    laughs = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    others = {
        "one-byte.jpg": b"\xff", "spaces.jpg": b" " * 1000, "zeros.jpg": bytes(100_000),
        "text.jpg": b"hello", "photo.heic": _HEIC + bytes(500), "photo.heif": _HEIC,
        "heic-as.jpg": _HEIC + bytes(500), "box-loop.heic": _HEIC + b"\x00\x00\x00\x00meta" * 99,
        "a.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "svg-as.png": entity, "laughs.svg": laughs, "page.html": b"<script>alert(1)</script>",
        "page-as.jpg": b"<!doctype html><img src=x onerror=alert(1)>",
        "a.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/bin/id) run\n",
        "a.pdf": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n",
        "a.ico": b"\x00\x00\x01\x00\x01\x00",
        "a.psd": b"8BPS\x00\x01" + bytes(60), "a.tga": bytes(18),
        "a.zip": b"PK\x03\x04" + bytes(60),
        "a.pkl": b"cos\nsystem\n(S'touch /tmp/fer-was-here'\ntR.", "a.elf": b"\x7fELF" + bytes(99),
        "a.npy": b"\x93NUMPY\x01\x00v\x00{'descr': '|O', 'fortran_order': False}",
        "a.json": b"[" * 50_000, "a.csv": b"a,b\n1,2\n", "a.py": b"import os; os.system('id')",
        "jpeg-zip.jpg": jpeg + b"PK\x03\x04" + bytes(200),
        "jpeg-html.jpg": jpeg[:2] + b"\xff\xfe\x00\x1c<script>alert(1)</script>" + jpeg[2:],
        "gif-script.gif": gif[:6] + b"/*" + gif[8:] + b"*/=alert(1)",
        "pdf-jpeg.jpg": b"%PDF-1.7\n" + jpeg, "video-as.jpg": clips["mp4"],
        "picture-as.mp4": jpeg, "text.mp4": b"hello", "empty.mp4": b"", "zeros.mp4": bytes(50_000),
        "list.m3u8": b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
        "list-as.mp4": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
        "concat.mp4": b"ffconcat version 1.0\nfile /etc/passwd\n",
        "session.sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
        "playlist.avi": b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\n/etc/passwd\n",
    }  # fmt: skip
    yield from others.items()


def _clip(path: Path) -> bytes:
    """Half a second of noise with a moving bar."""
    codec = {"mp4": "libx264", "webm": "libvpx", "avi": "mpeg4", "ts": "mpeg2video"}
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec[path.suffix[1:]], rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.thread_count = 1  # beside other work several do not end up the same
        for i in range(12):
            rgb = _noise() // 8
            rgb[:, 8 * i : 8 * i + 8] = 255
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path.read_bytes()


def _videos(clips: dict[str, bytes]) -> Iterator[Named]:
    for ending, content in clips.items():
        for percent in (2, 20, 50, 80, 99):
            yield f"cut-{percent}.{ending}", content[: len(content) * percent // 100]
        for seed in range(4):
            yield f"flipped-{seed}.{ending}", flipped(content, seed, 2 + 20 * seed)
        yield f"hole.{ending}", content[: len(content) // 3] + content[len(content) // 2 :]
        yield f"twice.{ending}", content + content
    yield "no-index.mp4", clips["mp4"].replace(b"moov", b"free")
    yield "no-pictures.mp4", clips["mp4"].replace(b"mdat", b"free")
    yield "claims.mp4", _claiming_mp4(clips["mp4"], 30_000, 30_000)
    yield "claims.gif.mp4", claiming("GIF", _picture("GIF"), 20_000, 20_000)
    yield "claims.mjpeg", claiming("JPEG", _picture("JPEG"), 20_000, 20_000)
    frames = claiming("JPEG", _picture("JPEG"), 20_000, 20_000)
    yield "grows.mjpeg", _picture("JPEG") * 3 + frames


def _claiming_mp4(content: bytes, width: int, height: int) -> bytes:
    at = content.index(b"avc1") + 4 + 24
    return content[:at] + struct.pack(">HH", width, height) + content[at + 4 :]
