"""Page 1: what the model is, how good it is, and how sure one can be of that."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from fer.dashboard import files, look, parts, state
from fer.dashboard.answers import answer_tile, drawn_at_random, given
from fer.dashboard.images import Images, grid
from fer.dashboard.parts import Card
from fer.dashboard.provenance import entry_of, measured
from fer.dashboard.state import Context, Site
from fer.labels import LABELS, UNSURE
from fer.look import kit
from fer.look.words import APPARENT, CAUTION, TITLE
from fer.wording import JUDGES, percent

_DERIVED = (
    ("accuracy_when_sure", "Accuracy when sure", "of the answers that are not “unsure”"),
    ("coverage", "Answers given", "for the other faces it says “unsure”"),
    ("accuracy_without_train_duplicates", "Accuracy without copies",
     "on images that are not in training as well"),
    ("ferplus_accuracy", "Accuracy by ten annotators", "where most of ten people agreed"),
    ("original_accuracy", "Accuracy by the original labels", "as the dataset came"),
    ("balanced_accuracy", "Balanced accuracy", "every expression counts alike"),
    ("macro_f1", "Macro-F1", "misses and false alarms of all seven expressions"),
    ("ece", "Calibration error", "between stated confidence and truth"),
)  # fmt: skip
"""Key in ``metrics.json``, plain name, and its one line."""

_FIRST = 3
"""Figures that are seen at once; the others are folded up."""

_ABOUT = (
    "Accuracy: how often the most probable label is right; guessing gives 14 %. F1: 1 where an "
    "expression is never missed and never wrongly named. Calibration error: 0 is perfect. Ranges: "
    "95 % intervals."
)

GALLERY = 10
"""Answers shown of each kind."""


def show(site: Site) -> None:
    """Draw the page."""
    place = look.head(TITLE)
    with place:
        context = state.choose(site, measured=True)
    parts.note(APPARENT)
    with parts.mending():
        entry = entry_of(context.bundle, context.split)
        images = measured(context, entry)
        _headline(entry)
        _gallery(context, entry, images)
    with parts.mending(), st.expander("Model card"):
        _model_card(context)
    st.html(kit.uses())


def headline_card(entry: Mapping[str, Any]) -> Card:
    """The one figure that every other accuracy is named after."""
    return Card(
        "Accuracy", percent(entry["accuracy"], 1), parts.between(entry["intervals"]["accuracy"]),
        meaning="of all faces are named as people named them",
    )  # fmt: skip


def derived_cards(entry: Mapping[str, Any]) -> list[Card]:
    """The other figures of an entry of ``metrics.json``, by names that tell them from the first."""
    own = f"{entry['judged_by']}_accuracy"  # the headline accuracy once more
    cards = [
        Card(name, percent(entry[key], 1), parts.between(entry["intervals"].get(key)),
             f"{entry['counts'].get(key, entry['n']):,} images", line)
        for key, name, line in _DERIVED
        if key != own and entry.get(key) is not None
    ]  # fmt: skip
    speed = entry.get("ms_per_face")
    if speed is not None:
        low, high = entry["intervals"].get("ms_per_face", (speed, speed))
        cards.append(
            Card("Time for a face", f"{speed:.1f} ms", f"{low:.1f} to {high:.1f} ms",
                 "one thread", "on the machine that measured")
        )  # fmt: skip
    return cards


def _headline(entry: Mapping[str, Any]) -> None:
    cards = [headline_card(entry), *derived_cards(entry)]
    parts.cards(cards[:_FIRST], first_is_headline=True)
    parts.note(CAUTION)
    with st.expander("More figures, and what they mean"):
        parts.cards(cards[_FIRST:])
        parts.note(_ABOUT)


def _gallery(context: Context, entry: Mapping[str, Any], images: Images) -> None:
    limit = entry["unsure_below"]
    parts.heading("Right, wrong and unsure")
    if images.root is None:
        parts.empty(images.missing)
        return
    found = files.predictions(context.bundle, context.split).judged_by(entry["judged_by"])
    sure = given(found, limit)
    kinds = {
        "Right": found.correct & sure,
        "Wrong": ~found.correct & sure,
        "Unsure": ~sure,
    }
    parts.explained(
        "Drawn at random. Dot: the label people gave. Arrow: the answer.",
        f"Bars: the probabilities of {', '.join(LABELS)}. Under {percent(limit)} the answer is "
        f"“{UNSURE}”, with the best guess in brackets.",
        "gallery",
    )
    for title, chosen in kinds.items():
        st.html(f'<h3 class="fer-small">{title} <span>{int(chosen.sum()):,}</span></h3>')
        drawn = drawn_at_random(np.flatnonzero(chosen), GALLERY)
        grid(images, [answer_tile(found, i, limit) for i in drawn])


def _model_card(context: Context) -> None:
    bundle = context.bundle
    spec = bundle.spec
    facts = {
        "Name": f"{spec.title} (folder {bundle.name})",
        "Input": f"grey faces of {spec.input_size} × {spec.input_size} pixels",
        "Size": f"{spec.parameters:,} parameters, "
        f"{spec.multiply_adds / 1e6:,.0f} million multiply-adds a face"
        + (", seen as it is and mirrored" if spec.views == 2 else ""),
        "Unsure": f"below a probability of {percent(spec.unsure_below)}",
        "Judged by": JUDGES[spec.judged_by],
        "Format": f"ONNX, operator set {spec.opset}",
        "Source": _source(spec.source_commit),
    }
    trained, _ = files.problem_of(lambda: bundle.training)
    if trained:
        facts["Trained"] = _training(trained)
    parts.facts(facts)
    st.html('<p class="fer-labels">' + "".join(kit.chip(label) for label in LABELS) + "</p>")


def _source(commit: str) -> str:
    """``commit`` in short, as `fer.training.provenance.source_commit` writes it."""
    name, changed, _ = commit.partition("+")
    return f"commit {name[:12] or 'unknown'}" + (", with changes of its own" if changed else "")


def _training(trained: Mapping[str, Any]) -> str:
    epochs = trained.get("epochs_done", "an unknown number of")
    seconds = trained.get("duration_seconds")
    hours = f" in {seconds / 3600:.1f} hours" if isinstance(seconds, int | float) else ""
    data = f" on {trained['dataset']}" if trained.get("dataset") else ""
    return f"{epochs} epochs{hours}{data}; kept epoch {trained.get('best_epoch', '?')}"
