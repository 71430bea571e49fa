"""Folders, patterns, lists, shards and addresses: which sources they hold, and under which name."""

import io
import os
import tarfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem
from fsspec.utils import infer_storage_options

from fer.archive.folder import ArchiveFolder
from fer.archive.listing import read_chunks, totals, write_sources
from fer.archive.parts import Settings
from fer.archive.source import PHOTO, VIDEO, Source, as_file, read_bytes, shown
from fer.archive.sources import list_sources
from fer.errors import UserError

pytestmark = pytest.mark.filterwarnings("ignore:.*left out, neither:UserWarning")


def names(*given: object) -> list[str]:
    return [source.name for source in list_sources([str(name) for name in given])]


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A working folder with two photos, a video and a shard in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in" / "b").mkdir(parents=True)
    for name in ("a.jpg", "b/c.PNG", "b/film.mov", "b/readme.md", ".x.jpg"):
        (tmp_path / "in" / name).write_bytes(b"content of " + name.encode())
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    with tarfile.open(tmp_path / "s.tar", "w") as shard:
        shard.add("in/a.jpg", "0001.jpg")
        shard.add("in/b/film.mov", "0001.mov")
        shard.add("in/b/readme.md", "0001.json")
        shard.add("in/a.jpg", "._0001.jpg")
        shard.add("in/a.jpg", "./.hidden/0001.jpg")
    return tmp_path


ALL = ["in/a.jpg", "in/b/c.PNG", "in/b/film.mov"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["in"], ALL),
        (["in/*.jpg"], ["in/a.jpg"]),
        (["in/**/*.*"], ALL),  # not what is neither,
        (["in/*"], ALL),  # with the folders that fit, as without the quotation marks
        (["in/**"], ALL),
        (["i*"], ALL),
        (["in/b/readme.*"], ["in/b/readme.md"]),  # unless it alone is meant
        (["in/a.jpg", "in"], ALL),  # each once
        (["s.tar"], ["s.tar/0001.jpg", "s.tar/0001.mov"]),
        (["in/b", "s.tar"], [*ALL[1:], "s.tar/0001.jpg", "s.tar/0001.mov"]),
    ],
)
def test_what_is_given_and_what_it_holds(here, given, expected):
    assert sorted(names(*given)) == sorted(expected)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "a.jpg\n\nb/film.mov\r\n"),
        ("list.csv", "id,Path\n1,a.jpg\n2,b/film.mov\n3,a.jpg\n"),
        ("list.csv", "\ufefffilename;label\na.jpg;happy\nb/film.mov;sad\n"),
    ],
)
def test_lists_count_from_their_own_folder(here, name, text):
    (here / "in" / name).write_text(text, encoding="utf-8")
    assert names(f"in/{name}") == ["in/a.jpg", "in/b/film.mov"]


def test_a_shard_tells_what_it_does_not_give(here):
    damaged = bytearray((here / "s.tar").read_bytes())
    with tarfile.open(here / "s.tar") as shard:
        damaged[shard.getmembers()[1].offset + 100] ^= 0xFF  # in the second header
    (here / "damaged.tar").write_bytes(damaged)
    first, rest = list_sources(["damaged.tar"])
    assert (first.name, first.problem) == ("damaged.tar/0001.jpg", "")
    assert rest.name == "damaged.tar" and "to its end" in rest.problem
    for name in ("twin.jpg", "triplet.jpg", "twin.mp4"):
        os.link(here / "in/a.jpg", here / "in" / name)
    with tarfile.open(here / "linked.tar", "w") as shard:
        shard.add("in")
    alone = list(list_sources(["linked.tar"]))
    assert (
        list(list_sources(["linked.tar", "in/b/film.mov"]))[:-1] == alone
    )  # as well as beside others
    problems = {source.name: source.problem for source in alone}
    assert problems.pop("linked.tar/in/a.jpg") == ""
    assert "is a link" in problems["linked.tar/in/twin.jpg"]
    with tarfile.open(here / "s.tar", "a") as shard:
        shard.add("in/b/c.PNG", "0001.jpg")
    first, _, again = list_sources(["s.tar"])
    assert first.name == again.name and not first.problem and "s.tar twice" in again.problem


def test_an_address_on_this_machine_is_a_path(here):
    (here / "list.txt").write_text(f"file://{here}/in/a.jpg\nin/a.jpg\n")
    assert names("list.txt") == [f"{here}/in/a.jpg"]
    assert names(f"file://{here}/in", "in") == [f"{here}/{name}" for name in ALL]


def test_what_is_packed_closed_or_gone_costs_only_itself(here, monkeypatch):
    (here / "folder.zip").mkdir()
    (here / "folder.zip" / "a.jpg").touch()
    assert names("folder.zip") == ["folder.zip/a.jpg"]
    (here / "in" / "more.zip").write_bytes(b"PK")
    (here / "list.csv").write_text('"a;b",path\n1,in/a.jpg\n2,in/more.zip\n3,gone.tar\n')
    good, packed, gone = list_sources(["list.csv"])
    assert (good.name, good.problem) == ("in/a.jpg", "")
    assert "unpack" in packed.problem and "There is no gone.tar" in gone.problem
    (here / "in" / "more.zip").unlink()
    walk = os.walk

    def closed(folder, onerror):
        onerror(PermissionError(13, "Permission denied", f"{folder}/b"))
        yield next(walk(folder))

    monkeypatch.setattr(os, "walk", closed)
    good, shut = list_sources(["in"])
    assert good.name == "in/a.jpg" and "in/b cannot be read: Permission denied" in shut.problem


def test_nothing_in_a_folder_vanishes_without_a_word(here):
    folder = here / "in" / "b"
    (folder / "annex.jpg").symlink_to(here / "objects" / "1f")
    for name in ("more.zip", "s.tar.gz", "x.vob", "y.VOB", "LICENSE"):
        (folder / name).touch()
    os.mkfifo(folder / "pipe.jpg")
    with pytest.warns(UserWarning, match="left out") as told:
        link, photo, film, *packed = list_sources(["in/b"])
    assert [source.name for source in (link, photo, film)] == ["in/b/annex.jpg", *ALL[1:]]
    assert [source.problem.split(" is ")[0] for source in packed] == [
        "in/b/more.zip",
        "in/b/s.tar.gz",
    ]
    [note] = told
    assert str(note.message) == (
        "4 files left out, neither photo nor video: 2 .vob, 1 without an ending, 1 .md."
    )


def test_a_quotation_mark_without_its_other_is_told(here):
    (here / "list.csv").write_text('path\nin/a.jpg\n"in/b/c.PNG\nin/b/film.mov\n')
    with pytest.raises(UserError, match=r"list\.csv is no table"):
        names("list.csv")


@pytest.mark.parametrize("content", ["in/a.jpg\n".encode("utf-16"), b'path\n"' + b"x" * 200_000])
def test_a_list_in_another_encoding_or_without_an_end_is_a_sentence(here, content):
    for name in ("list.txt", "list.csv"):
        (here / name).write_bytes(content)
    with pytest.raises(UserError, match=r"list\.csv .*UTF-8"):
        names("list.csv")


def test_a_list_that_may_not_be_read_is_named(here, monkeypatch):
    (here / "list.txt").write_text("in/a.jpg\n")
    refuse = PermissionError(13, "Permission denied")
    monkeypatch.setattr("fer.archive.sources.open_address", Mock(side_effect=refuse))
    with pytest.raises(UserError, match=r"list\.txt cannot be read: Permission denied"):
        names("list.txt")


def test_a_name_that_cannot_be_costs_only_itself(here):
    (here / "list.txt").write_text(f"in/a.jpg\n{'x' * 300}.jpg\nin/b/c.PNG\n")
    assert [len(name) for name in names("list.txt")] == [8, 304, 10]
    with pytest.raises(UserError, match="no file or folder x"):
        names("x" * 300)


def test_what_follows_a_web_address_is_no_part_of_its_name(here):
    (here / "list.csv").write_text(
        "url\nhttps://h/clip.mp4?sig=a.jpg\nhttp://h/photo.jpg?w=1*\nhttps://h/photo.jpg\n"
    )
    found = [(source.kind, source.address) for source in list_sources(["list.csv"])]
    assert found == [
        (VIDEO, "https://h/clip.mp4?sig=a.jpg"),
        (PHOTO, "http://h/photo.jpg?w=1*"),
        (PHOTO, "https://h/photo.jpg"),
    ]


def test_lists_may_stand_at_an_address_and_name_patterns_there():
    with fsspec.open("memory://study/list.csv", "w") as file:
        file.write("path\na.jpg\nmemory://study/more/*.png\n")
    for name in ("a.jpg", "more/b.png", "more/c.png"):
        with fsspec.open(f"memory://study/{name}", "wb") as file:
            file.write(b"x")
    found = names("memory://study/list.csv")
    assert [name.rsplit("study/", 1)[1] for name in found] == ["a.jpg", "more/b.png", "more/c.png"]


def test_lists_may_name_what_is_missing_folders_and_what_is_here(here):
    (here / "list.txt").write_text("gone.jpg\nin/b\n")
    assert names("list.txt") == ["gone.jpg", "in/b/c.PNG", "in/b/film.mov"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nowhere", "nowhere"),
        ("in/*.gif", "in/*.gif"),
        ("list.csv", "column"),
        ("pack.zip", "unpack"),
        ("nothing://x/y.jpg", "nothing"),
        ("memory://empty/", "memory://empty"),
    ],
)
def test_what_cannot_be_listed_is_named(here, given, said):
    (here / "list.csv").write_text("a,b\n1,2\n")
    (here / "pack.zip").write_bytes(b"PK")
    with pytest.raises(UserError, match=said.replace("*", r"\*")):
        names(given)


def test_members_of_a_shard_are_read_where_they_are(here):
    photo, video = list_sources(["s.tar"])
    assert (photo.kind, video.kind) == (PHOTO, VIDEO)
    assert read_bytes(photo) == b"content of a.jpg"
    with as_file(video) as path:
        assert path.name == "0001.mov" and path.read_bytes() == b"content of b/film.mov"
    assert not path.exists()


def test_a_shard_that_is_cut_off_says_so_where_it_matters(here):
    _, video = list_sources(["s.tar"])
    os.truncate(here / "s.tar", video.offset + 3)
    photo, cut, shard = list_sources(["s.tar"])
    assert "s.tar" in shard.problem
    assert read_bytes(photo) == b"content of a.jpg"
    with pytest.raises(UserError, match=r"s\.tar"), as_file(cut):
        pass
    (here / "s.tar").write_bytes(b"no tar at all" * 99)
    [broken] = list_sources(["s.tar"])
    assert "s.tar" in broken.problem


LONG = "ä" * 90 + "/" + "b" * 120 + ".jpg"  # more than a header has room for


@pytest.mark.parametrize("format", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["anna.jpg", "bert.jpg"], ["bert.jpg", "anna.jpg"]),
        (["anna.jpg"], ["b/anna.jpg"]),
        ([LONG, f"{LONG}.png"], [f"{LONG}.png", LONG]),
        (["anna.jpg", LONG], [LONG, "anna.jpg"]),
        (["anna.mov", "bert.mov"], ["bert.mov", "anna.mov"]),
        (["anna.jpg"], []),
    ],
)
def test_a_shard_that_was_packed_anew_gives_nobody_the_photo_of_another(
    here, format, before, after
):
    def pack(members):
        with tarfile.open("s.tar", "w", format=format) as shard:
            for name in members:
                member = tarfile.TarInfo(name)
                member.size = 3
                shard.addfile(member, io.BytesIO(name[:3].encode("ascii", "replace")))

    def content(source):
        if source.kind == PHOTO:
            return read_bytes(source)
        with as_file(source) as path:
            return path.read_bytes()

    pack(before)
    write_sources(here / "sources.parquet", list_sources(["s.tar"]))
    listed = [s for chunk in read_chunks(here / "sources.parquet") for s in chunk.sources]
    expected = sorted((f"s.tar/{name}", name[:3].encode("ascii", "replace")) for name in before)
    assert sorted((source.name, content(source)) for source in listed) == expected
    pack(after)
    for source in listed:
        with pytest.raises(UserError, match="has changed since it was listed"):
            content(source)


def test_an_address_of_fsspec(here):
    import fsspec

    system = fsspec.filesystem("memory")
    for name in ("/bucket/a.jpg", "/bucket/deep/b.mp4", "/bucket/c.txt"):
        system.pipe(name, b"content")
    system.pipe("/bucket/s.tar", (here / "s.tar").read_bytes())
    found = list(list_sources(["memory://bucket"]))
    assert [source.name for source in found] == [
        "memory://bucket/a.jpg",
        "memory://bucket/deep/b.mp4",
        "memory://bucket/s.tar/0001.jpg",
        "memory://bucket/s.tar/0001.mov",
    ]
    assert [read_bytes(source)[:7] for source in found] == [b"content"] * 4
    assert names("memory://bucket/*.jpg", "memory://bucket/a.jpg") == ["memory://bucket/a.jpg"]


class Hosted(MemoryFileSystem):
    """A store as ftp:// is: the host is no part of its paths."""

    protocol, store, pseudo_dirs = "hosted", {}, [""]  # as MemoryFileSystem has it

    def __init__(self, host, **options):
        super().__init__(**options)
        assert host == "h.org"

    @classmethod
    def _strip_protocol(cls, path):
        return f"/{infer_storage_options(path)['path'].strip('/')}".rstrip("/")

    @staticmethod
    def _get_kwargs_from_urls(url):
        options = infer_storage_options(url)
        return {name: options[name] for name in ("host", "username") if name in options}


@pytest.mark.parametrize(
    "given",
    ["", "/", "/st", "/st/", "/st/*", "/s*", "/**", "/st/a[[]1].jpg", "/st/a[1].jpg"],
)
def test_an_address_keeps_its_host_and_shows_no_password(here, given):
    fsspec.register_implementation("hosted", Hosted, clobber=True)
    for name in ("st/a[1].jpg", "st/b/c.jpg", "st/.x/d.jpg", "st/b/.e.jpg"):
        fsspec.filesystem("hosted", host="h.org").pipe(f"/{name}", name.encode())
    [photo, *more] = list_sources([f"hosted://anna:secret@h.org{given}"])
    assert [source.name for source in (photo, *more)] == [
        "hosted://h.org/st/a[1].jpg",
        *([] if given.endswith(".jpg") else ["hosted://h.org/st/b/c.jpg"]),
    ]
    assert read_bytes(photo) == b"st/a[1].jpg" and "anna:secret@" in photo.address
    gone = replace(photo, address=f"{photo.address}.gone", name="hosted://h.org/gone")
    with pytest.raises(UserError, match=r"h\.org/gone cannot be read") as told:
        read_bytes(gone)
    assert "secret" not in str(told.value)
    settings = Settings("fer", "0" * 64, "haar", 0.1)
    with ArchiveFolder.begin(here / "out", [f"hosted://anna:secret@h.org{given}"], settings):
        assert "secret" not in (here / "out/manifest.json").read_text()


def test_an_address_in_a_list_that_looks_like_a_pattern_costs_at_most_itself(here):
    fsspec.filesystem("memory").pipe("/l/IMG[1].jpg", b"x")
    (here / "list.txt").write_text("memory://l/IMG[1].jpg\nmemory://l/IMG[2].jpg\nin/a.jpg\n")
    first, second, third = list_sources(["list.txt"])
    assert (first.name, first.problem) == ("memory://l/IMG[1].jpg", "")
    assert second.name == "memory://l/IMG[2].jpg" and "nothing at" in second.problem
    assert third.name == "in/a.jpg"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("https://h/a.jpg?X-Amz-Date=1&X-Amz-Signature=2", "https://h/a.jpg"),
        ("https://h/c/a.jpg?sv=1&sig=b%2F", "https://h/c/a.jpg"),
        ("https://h/show?id=1", "https://h/show?id=1"),  # another one than ?id=2
        ("https://h/show?design=1", "https://h/show?design=1"),
        ("sftp://anna@h:22/a@b.jpg", "sftp://h:22/a@b.jpg"),
        ("github://org:repo@main/a.jpg", "github://org:repo@main/a.jpg"),
        ("abfs://box@account/a.jpg", "abfs://box@account/a.jpg"),
        ("s3://bucket/a@b?sig=1.jpg", "s3://bucket/a@b?sig=1.jpg"),
        ("404: 'https://h/a.jpg?token=1' is gone", "404: 'https://h/a.jpg' is gone"),
    ],
)
def test_what_gives_access_is_not_shown(name, expected):
    assert shown(name) == expected


def test_a_member_of_a_shard_in_a_store_is_one_request_for_its_own_bytes(here, monkeypatch):
    class Counted(AbstractBufferedFile):
        def _fetch_range(self, start, end):
            asked.append(end - start)
            return content[start:end]

    class Store(AbstractFileSystem):
        protocol = "counted"

        def info(self, path, **_):
            return {"name": path, "size": len(content), "type": "file"}

        def _open(self, path, mode="rb", block_size=None, cache_options=None, **options):
            return Counted(self, path, mode, **options)

    asked, content = [], (here / "s.tar").read_bytes()
    fsspec.register_implementation("counted", Store, clobber=True)
    photo, video = list_sources(["counted://s.tar"])
    asked.clear()
    assert read_bytes(photo) == b"content of a.jpg"
    with as_file(video) as path:
        assert path.read_bytes() == b"content of b/film.mov"
    assert asked == [source.header + source.size for source in (photo, video)]


def test_names_that_are_no_text_survive_the_list(here):
    odd = os.fsdecode(b"in/\xff\xfe odd.jpg")
    Path(odd).write_bytes(b"odd")
    write_sources(here / "sources.parquet", list_sources([odd]))
    [chunk] = read_chunks(here / "sources.parquet")
    assert chunk.sources[0].name == r"in/\xff\xfe odd.jpg"
    assert read_bytes(chunk.sources[0]) == b"odd"


def test_chunks_grow_with_the_archive_and_a_video_stands_alone(tmp_path):
    kinds = [PHOTO] * 6 + [VIDEO] * 2 + [PHOTO] * 40_000
    sources = (Source(f"{i}", kind, f"/{i}", 10) for i, kind in enumerate(kinds))
    write_sources(tmp_path / "sources.parquet", sources)
    read = list(read_chunks(tmp_path / "sources.parquet"))
    chunks = read[::-1]  # the small ones come last, so that all processes end together
    sizes = [len(chunk.sources) for chunk in chunks]
    assert sizes[:5] == [6, 1, 1, 8, 8] and sizes[-2] == 256 and max(sizes) == 256
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    listed = [source.name for chunk in chunks for source in chunk.sources]
    assert listed == [f"{i}" for i in range(len(kinds))]
    assert totals(tmp_path / "sources.parquet") == (len(kinds), 10 * len(kinds))
    assert len(chunks) < 600
