"""Page 1: what the model is, how good it is, and how sure one can be of that."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from fer.dashboard import files, parts
from fer.dashboard.images import Tile, chip, grid
from fer.dashboard.parts import Card
from fer.dashboard.state import Context
from fer.labels import LABELS
from fer.look.words import PROMISE, percent, trust
from fer.wording import JUDGES

_CARDS = (
    ("accuracy", "Accuracy", "How often the answer is the right label, as this model is judged. "
     "Guessing one of seven would give 14 %."),
    ("balanced_accuracy", "Balanced accuracy", "The same with every expression counted alike, "
     "however rare."),
    ("macro_f1", "Macro-F1", "Found and not confused, on average over the seven expressions: low "
     "if any of them is often missed."),
    ("ferplus_accuracy", "Against ten annotators", "How often the answer is what most of ten "
     "other people chose, where they agreed."),
    ("original_accuracy", "Against the original labels", "How often the answer is the label that "
     "FER2013 came with."),
    ("accuracy_without_train_duplicates", "Without copies", "Accuracy without images that stand "
     "in the training data as well."),
    ("accuracy_when_sure", "When it is sure", "Accuracy of the answers that are given at all; "
     "for the other faces it says “unsure”."),
    ("ece", "Calibration error", "How far stated confidence and truth lie apart, on average: 0 is "
     "perfect."),
)  # fmt: skip
"""Key in ``metrics.json``, plain name, and what it means."""

GALLERY = 20
"""Right and wrong answers shown, of each."""


def show(context: Context) -> None:
    """Draw the page."""
    st.html(f'<p class="fer-promise">{PROMISE}</p>')
    with parts.mending():
        _headline(context)
        _gallery(context)
    with parts.mending():
        _model_card(context)


def headline_cards(entry: Mapping[str, Any], split: str) -> list[Card]:
    """The numbers that matter most, from one entry of ``metrics.json``."""
    own = f"{entry['judged_by']}_accuracy"  # the headline accuracy once more
    cards = [
        _share(entry, split, key, name, meaning)
        for key, name, meaning in _CARDS
        if key != own and entry.get(key) is not None
    ]
    speed = entry.get("ms_per_face")
    if speed is not None:
        low, high = entry["intervals"].get("ms_per_face", (speed, speed))
        cards.append(
            Card(
                "Time for a face",
                f"{speed:.1f} ms",
                f"{low:.1f} to {high:.1f} ms",
                "on the machine that measured",
                "From a cropped face to seven probabilities, on one thread.",
            )
        )
    return cards


def _headline(context: Context) -> None:
    entry = files.metrics_of(context.bundle, context.split)
    stale = files.mismatch(context.bundle, context.split)
    if stale:
        parts.problem(stale)
    spec, _ = files.problem_of(lambda: files.spec(context.bundle))  # told at the model card
    if spec is not None:
        parts.sentences(trust(spec, files.metrics(context.bundle)))
    judge = JUDGES[entry["judged_by"]]
    parts.heading(
        "In numbers",
        f"Measured on the {context.split} split, judged by the {judge}. The small figures are "
        "95 % intervals: where the value would lie, most times, on other images of the same kind.",
    )
    if context.split == "train":
        parts.problem("The model has learned from these images: its numbers on them are too good.")
    parts.cards(headline_cards(entry, context.split))


def _share(entry: Mapping[str, Any], split: str, key: str, name: str, meaning: str) -> Card:
    n = entry["counts"].get(key, entry["n"])
    interval = parts.between(entry["intervals"].get(key))
    return Card(name, percent(entry[key], 1), interval, f"{split}, {n:,} images", meaning)


def _gallery(context: Context) -> None:
    parts.heading(
        "Right and wrong",
        f"Answers drawn at random from the {context.split} split, not chosen to please. The bars "
        "are the seven probabilities; the chip is the label that people gave.",
    )
    if context.images is None:
        grid(None, [])
        return
    found = files.judged(context.bundle, context.split)
    for title, chosen in (("Right", found.correct), ("Wrong", ~found.correct)):
        st.html(f'<h3 class="fer-small">{title}</h3>')
        grid(context.images, [answer_tile(found, i) for i in _sample(np.flatnonzero(chosen))])


def answer_tile(found: files.Predictions, i: int) -> Tile:
    """The image ``i`` with its label and what the model answered."""
    probs = found.probs[i]
    answer = int(probs.argmax())
    caption = f"→ {LABELS[answer]} {percent(float(probs[answer]))}"
    return Tile(
        str(found.files[i]), LABELS[found.targets[i]], caption, tuple(float(p) for p in probs)
    )


def _sample(indices: np.ndarray[Any, Any]) -> Sequence[int]:
    # The same draw every time: a view that is shared shows the same faces.
    drawn = np.random.default_rng(0).permutation(len(indices))[:GALLERY]
    return [int(i) for i in indices[drawn]]


def _model_card(context: Context) -> None:
    parts.heading("Model card", "What exactly is being shown here.")
    spec = files.spec(context.bundle)
    facts = {
        "Name": f"{spec.title} (folder {context.bundle.name})",
        "Input": f"grey faces of {spec.input_size} × {spec.input_size} pixels",
        "Size": f"{spec.parameters:,} parameters, "
        f"{spec.multiply_adds / 1e6:,.0f} million multiply-adds a face"
        + (", which is seen as it is and mirrored" if spec.views == 2 else ""),
        "Unsure": f"below a probability of {percent(spec.unsure_below)} no label is given",
        "Judged by": JUDGES[spec.judged_by],
        "Model format": f"ONNX, operator set {spec.opset}",
        "Source": _source(spec.source_commit),
    }
    trained, _ = files.problem_of(lambda: files.train(context.bundle))
    if trained:
        facts["Trained"] = _training(trained)
    parts.facts(facts)
    st.html('<p class="fer-labels">' + "".join(chip(label) for label in LABELS) + "</p>")


def _source(commit: str) -> str:
    """``commit`` in short, as `fer.training.provenance.source_commit` writes it."""
    name, changed, _ = commit.partition("+")
    return f"commit {name[:12] or 'unknown'}" + (", with changes of its own" if changed else "")


def _training(trained: Mapping[str, Any]) -> str:
    epochs = trained.get("epochs_done", "an unknown number of")
    seconds = trained.get("duration_seconds")
    hours = f" in {seconds / 3600:.1f} hours" if isinstance(seconds, int | float) else ""
    return f"{epochs} epochs{hours}; kept epoch {trained.get('best_epoch', '?')}"
