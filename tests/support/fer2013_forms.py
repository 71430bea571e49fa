"""Small FER2013s in the forms in which the real one is passed around."""

import io
import tarfile
import zipfile
from pathlib import Path

import cv2
import numpy as np

from fer.data.ferplus import VOTE_COLUMNS
from fer.labels import LABELS

USAGES = ["Training"] * 14 + ["PublicTest"] * 7 + ["PrivateTest"] * 7
OFFICIAL = {"train": 14, "validation": 7, "test": 7}
ROWS = "0 1 2 3 4 5 6"
FERPLUS_HEADER = ",".join(("Usage", "Image name", *VOTE_COLUMNS))


def face(row: int) -> np.ndarray:
    """``(48, 48)`` uint8 that no other row has, and no flip or transposition of it."""
    image = np.add.outer(np.arange(48) * 3, np.arange(48)).astype(np.uint8)
    image[0, :8] = [255 * (row >> bit & 1) for bit in range(8)]
    return image


def natural_face(seed: int) -> np.ndarray:
    """``(48, 48)`` uint8: smooth shapes with fine detail, different for every seed."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(random.integers(40, 210, (6, 6)).astype(np.float32), (48, 48))
    fine = cv2.resize(random.normal(0, 14, (24, 24)).astype(np.float32), (48, 48))
    return np.clip(coarse + fine, 0, 255).astype(np.uint8)


def pixel_text(row: int) -> str:
    return " ".join(map(str, face(row).ravel()))


def table(usages=USAGES, header="emotion,pixels,Usage", first=0) -> str:
    """A table whose columns follow ``header``; the label of a row is its number modulo 7."""
    lines = [header]
    for row, usage in enumerate(usages, first):
        values = {"emotion": str(row % 7), "pixels": pixel_text(row), "usage": usage}
        lines.append(",".join(values[name.strip().lower()] for name in header.split(",")))
    return "\n".join(lines) + "\n"


def ferplus(usages=USAGES) -> str:
    lines = [
        f"{usage},{'' if row == 3 else f'fer{row:07}.png'},{row % 11},0,0,1,0,0,0,0,0,0"
        for row, usage in enumerate(usages)
    ]
    return "\n".join((FERPLUS_HEADER, *lines)) + "\n"


def png(row: int, suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, face(row))[1].tobytes()


def class_folders(names: dict[str, str]) -> dict[str, bytes]:
    """Files of class folders: ``{path with {label}: row numbers}`` → ``{path: content}``."""
    return {
        pattern.format(label=LABELS[row % 7], Label=LABELS[row % 7].title(), row=row): png(row)
        for pattern, rows in names.items()
        for row in map(int, rows.split())
    }


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def save_image(path: Path, image: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), image)
    return path


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def content_of(folder: Path) -> dict[str, bytes]:
    """Every file under ``folder`` with its content, to show that nothing was touched."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def imported_names(dest):
    return sorted(path.relative_to(dest / "images").as_posix() for path in dest.rglob("*.png"))


def path_of(split, row, name=None):
    return f"{split}/{LABELS[row % 7]}/{row if name is None else name}.png"


OFFICIAL_NAMES = sorted(
    path_of("train" if row < 14 else "validation" if row < 21 else "test", row) for row in range(28)
)
