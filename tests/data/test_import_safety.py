"""``python -m fer data import``: archives that lie, imports that meet or break off."""

import itertools
import shutil
import stat
import tarfile
import zipfile

import cv2
import pytest

from fer.data import archives
from fer.data.folder import FolderDataset
from fer.data.importer import import_dataset
from fer.errors import UserError
from tests.support.fer2013_forms import (
    OFFICIAL,
    OFFICIAL_NAMES,
    ROWS,
    class_folders,
    content_of,
    imported_names,
    png,
    table,
    write_folder,
    write_tar,
    write_zip,
)


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize(
    "name",
    ["../evil.png", "/evil.png", "train/../../evil.png", "C:\\evil.png", "train\\..\\..\\evil.png"],
)
def test_entries_that_escape_are_refused(tmp_path, write, name):
    files = class_folders({"train/{label}/{row}.png": ROWS}) | {name: b"x"}
    with pytest.raises(UserError, match="would leave its folder"):
        import_dataset(write(tmp_path / "a", files), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("train/angry/1.png")
        member.type = kind
        member.linkname = "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(UserError, match="a link or device"):
        import_dataset(tmp_path / "a.tar", tmp_path / "out")


def test_zip_links_and_passwords_are_refused(tmp_path):
    link = zipfile.ZipInfo("train/angry/1.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UserError, match="a link or device"):
        import_dataset(tmp_path / "link.zip", tmp_path / "out")

    content = bytearray(
        write_zip(tmp_path / "locked.zip", {"train/sad/1.png": png(4)}).read_bytes()
    )
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag of encryption
    (tmp_path / "locked.zip").write_bytes(content)
    with pytest.raises(UserError, match="has a password"):
        import_dataset(tmp_path / "locked.zip", tmp_path / "out")


def test_a_link_to_nowhere_is_not_left_out_silently(tmp_path):
    source = write_folder(tmp_path / "in", {"train/sad/4.png": png(4)})
    (source / "train/sad/5.png").symlink_to("nowhere.png")
    with pytest.raises(UserError, match=r"train/sad/5.png: cannot be opened"):
        import_dataset(source, tmp_path / "out")


def test_class_folders_in_two_places_are_not_guessed(tmp_path):
    files = class_folders({"a/train/{label}/{row}.png": ROWS, "b/train/{label}/{row}.png": ROWS})
    with pytest.raises(UserError, match="stand both in a and in b"):
        import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")


def test_several_tables_are_not_guessed(tmp_path):
    files = {"mine.csv": table().encode(), "yours.csv": table().encode()}
    with pytest.raises(UserError, match=r"several tables \(mine.csv, yours.csv\)"):
        import_dataset(write_folder(tmp_path / "in", files), tmp_path / "out")


def test_a_second_import_at_the_same_time_cannot_mix_in(tmp_path, monkeypatch):
    (tmp_path / "fer2013.csv").write_text(table())
    calls = itertools.count()

    def raced(suffix, pixels):
        if next(calls) == 10:
            shutil.rmtree(tmp_path / "out.part" / "images")
            (tmp_path / "out.part" / "images" / "train" / "angry").mkdir(parents=True)
        return cv2.imencode(suffix, pixels)

    monkeypatch.setattr("fer.data.writer.cv2", type("cv2", (), {"imencode": raced}))
    with pytest.raises(UserError, match=r"another import|could not be imported"):
        import_dataset(tmp_path / "fer2013.csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("write", [write_zip, write_tar])
@pytest.mark.parametrize(
    ("limit", "value"),
    [("MAX_FILES", 5), ("MAX_BYTES", 3000), ("_RATIO_FROM_BYTES", 100)],
)
def test_bombs_are_refused(tmp_path, monkeypatch, write, limit, value):
    monkeypatch.setattr(archives, limit, value)
    files = class_folders({"train/{label}/{row}.png": ROWS}) | {"zeros.bin": bytes(1 << 20)}
    with pytest.raises(UserError, match=r"holds (more than 5 files|far more data)"):
        import_dataset(write(tmp_path / "a.gz", files), tmp_path / "out")


def test_a_tar_header_that_claims_gigabytes_is_refused(tmp_path):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 1 << 33
    (tmp_path / "a.tar").write_bytes(header.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(UserError, match="a header that claims"):
        import_dataset(tmp_path / "a.tar", tmp_path / "out")


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "fer2013.csv").write_text(table())
    calls = itertools.count()

    def interrupted(suffix, pixels):
        if next(calls) == 10:
            raise KeyboardInterrupt
        return cv2.imencode(suffix, pixels)

    monkeypatch.setattr("fer.data.writer.cv2", type("cv2", (), {"imencode": interrupted}))
    with pytest.raises(KeyboardInterrupt):
        import_dataset(tmp_path / "fer2013.csv", tmp_path / "a" / "b" / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["fer2013.csv"]


def test_what_a_killed_import_left_is_replaced_and_nothing_else(tmp_path):
    (tmp_path / "fer2013.csv").write_text(table())
    write_folder(tmp_path / "out.part", {"images/train/angry/999.png": b"half"})
    import_dataset(tmp_path / "fer2013.csv", tmp_path / "out")
    assert imported_names(tmp_path / "out") == OFFICIAL_NAMES
    write_folder(tmp_path / "mine.part", {"images/1.png": b"x", "thesis.tex": b"x"})
    with pytest.raises(UserError, match="was not left by an import"):
        import_dataset(tmp_path / "fer2013.csv", tmp_path / "mine")
    assert (tmp_path / "mine.part" / "thesis.tex").exists()


def test_dest_may_be_an_empty_folder_but_no_other_one(tmp_path):
    (tmp_path / "fer2013.csv").write_text(table())
    (tmp_path / "empty").mkdir()
    import_dataset(tmp_path / "fer2013.csv", tmp_path / "empty")
    assert set(FolderDataset.open(tmp_path / "empty").splits) == set(OFFICIAL)
    write_folder(tmp_path / "full", {"thesis.tex": b"x"})
    with pytest.raises(UserError, match="name another DEST"):
        import_dataset(tmp_path / "fer2013.csv", tmp_path / "full")
    assert content_of(tmp_path / "full") == {"thesis.tex": b"x"}
