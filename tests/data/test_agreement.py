"""Labels beside the votes of ten annotators."""

from pathlib import Path

import numpy as np
import pytest

from fer.data.agreement import MAJORITY_COLUMNS, compare_with_votes, name_majorities
from fer.data.audit import audit_dataset
from fer.data.ferplus import VOTE_COLUMNS
from fer.errors import UserError
from tests.support.fer2013_forms import natural_face, save_image


def save(folder: Path, name: str, image: np.ndarray) -> Path:
    return save_image(folder / "images" / name, image)


def ballot(**votes: int) -> np.ndarray:
    return np.array([votes.get(column, 0) for column in VOTE_COLUMNS])


def test_majorities_and_agreement():
    votes = np.stack([
        ballot(anger=9, NF=1), ballot(sadness=6, anger=4), ballot(anger=5, fear=5),
        ballot(contempt=10), ballot(unknown=7, happiness=3), ballot(NF=10), ballot(),
    ])  # fmt: skip
    names = name_majorities(votes)
    assert names == ["angry", "sad", "no clear winner", "contempt", "unknown", "not a face", ""]
    files = [f"train/angry/{i}.png" for i in range(7)]
    agreement = compare_with_votes(files, np.zeros(7, np.int64), names)
    assert agreement.images == 6
    assert agreement.share == 1 / 6
    assert agreement.share_among_clear == 1 / 2
    assert agreement.share_by_label == {"angry": 1 / 6}
    assert agreement.matrix[0][MAJORITY_COLUMNS.index("sad")] == 1
    assert agreement.disagreeing["angry"]["sad"] == ("train/angry/1.png",)
    assert "angry" not in agreement.disagreeing["angry"]


def write_votes(folder: Path, rows: dict[int, np.ndarray]) -> None:
    lines = [",".join(("row", *VOTE_COLUMNS))]
    lines += [",".join(map(str, (row, *votes))) for row, votes in rows.items()]
    (folder / "ferplus.csv").write_text("\n".join(lines) + "\n")


def test_votes_are_read_by_row(tmp_path: Path):
    save(tmp_path, "train/happy/00007.png", natural_face(7))
    save(tmp_path, "train/fear/00003.png", natural_face(3))
    write_votes(tmp_path, {3: ballot(surprise=10), 7: ballot(happiness=10), 9: ballot(anger=10)})
    agreement = audit_dataset(tmp_path).agreement
    assert agreement is not None
    assert agreement.share == 0.5
    assert agreement.disagreeing == {"fear": {"surprise": ("train/fear/00003.png",)}}


def test_votes_of_images_without_row_numbers_are_named_as_unused(tmp_path: Path):
    save(tmp_path, "train/happy/me.png", natural_face(7))
    write_votes(tmp_path, {0: ballot(surprise=10)})
    audit = audit_dataset(tmp_path)
    assert audit.agreement is None
    assert audit.ignored == ("ferplus.csv",)


def test_damaged_votes_are_named(tmp_path: Path):
    save(tmp_path, "train/happy/00007.png", natural_face(7))
    (tmp_path / "ferplus.csv").write_text("row,neutral\n7,many\n")
    with pytest.raises(UserError, match=r"ferplus\.csv"):
        audit_dataset(tmp_path)
