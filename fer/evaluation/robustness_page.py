"""``docs/robustness.md``, written by ``python -m fer card`` from the bundles' figures."""

from collections.abc import Sequence

from fer.bundle import ROBUSTNESS, Bundle
from fer.errors import UserError
from fer.evaluation.bundle_facts import ROBUSTNESS_SPLIT
from fer.evaluation.corruptions import CORRUPTIONS, GROUPS
from fer.evaluation.markdown import table
from fer.evaluation.robustness_file import Robustness
from fer.evaluation.text import (
    CELLS,
    MEANS,
    figure,
    strengths,
    three,
    with_interval,
)
from fer.wording import JUDGES

PAGE = "robustness.md"

_LEAD = """\
<!-- Written by `python -m fer card` from the bundles' robustness.json: do not edit. -->

# What is left when a camera spoils the picture

Accuracy on clean pictures is not what a webcam gives. `python -m fer evaluate --data data/fer2013
--split validation --weights weights/BUNDLE --corruptions` spoils the same pictures in {kinds} ways,
each at three strengths, and asks the shipped `model.onnx` again.

- Protocol: Hendrycks & Dietterich (2019, arXiv:1903.12261). Accuracy is averaged over the strengths
  of a kind, then over the kinds; *relative accuracy* is that mean over the accuracy on clean
  pictures.
- The kinds are what happens to faces of 48 pixels: three strengths instead of five, and no snow or
  fog. H.264 is a real encoder and decoder, and so is JPEG.
- Every picture is spoilt in the same way each time, by random numbers that its row in the dataset
  decides; a stronger corruption is more of the same.
- Intervals are 95 % intervals of the bootstrap over pictures, with the same pictures drawn under
  every corruption. ECE is the expected calibration error, *coverage* the share of pictures that get
  a label and not “unsure”.

What it does not show: pictures are spoilt after the face was cut out, so that finding faces in bad
pictures is not measured here. Imitations are not cameras. And a recipe that trains for cameras
imitates noise, blur, light and compression as well (`fer/training/camera.py`: other code, other
strengths). The protocol wants corruptions of which training knows nothing; of these, here are only
those of framing and occlusion, as far as augmentation leaves them.
"""


def robustness_page(bundles: Sequence[Bundle]) -> str:
    """The page in Markdown.

    Raises:
        UserError: if no bundle was measured under corruption.
    """
    measured = [bundle for bundle in bundles if ROBUSTNESS_SPLIT in bundle.current(ROBUSTNESS)]
    entries = {
        bundle: bundle.entry(ROBUSTNESS, ROBUSTNESS_SPLIT, Robustness) for bundle in measured
    }
    if not entries:
        raise UserError(
            "No bundle was measured under corruption; "
            "'python -m fer evaluate --corruptions' does that."
        )
    sections = [_LEAD.format(kinds=len(CORRUPTIONS)), _overview(entries)]
    sections += [_bundle_section(bundle, entry) for bundle, entry in entries.items()]
    return "\n".join(sections)


def _overview(entries: dict[Bundle, Robustness]) -> str:
    """One column a bundle."""
    figures = entries.values()
    rows = [
        ["judged by", *(JUDGES[entry["judged_by"]] for entry in figures)],
        ["accuracy on clean images", *(figure(e["clean"], "accuracy") for e in figures)],
    ]
    rows += [
        [title, *(with_interval(entry, name) for entry in figures)] for name, title in MEANS.items()
    ]
    rows += [
        [f"accuracy, {group}", *(with_interval(entry["groups"], group) for entry in figures)]
        for group in GROUPS
        if all(group in entry["groups"] for entry in figures)
    ]
    return table(["", *(f"`{bundle.name}`" for bundle in entries)], rows) + "\n"


def _bundle_section(bundle: Bundle, entry: Robustness) -> str:
    clean = entry["clean"]
    rows = [["clean", "", *(figure(clean, name) for name in CELLS)]]
    rows += [
        [kind["title"], strengths(kind), *(three(kind, name) for name in CELLS)]
        for kind in entry["kinds"]
    ]
    header = ["Corruption", "Strengths", "Accuracy", "ECE", "Coverage"]
    return (
        f"## `{bundle.name}`: {bundle.title}\n\n"
        f"{entry['n']:,} images of {entry['split']}, mild, middle and strong:\n\n"
        f"{table(header, rows)}\n"
    )
