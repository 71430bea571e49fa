"""The model card and the table of numbers in the README, written from the files of the bundles.

Every figure comes out of a file of a bundle, and only if it was measured on the ``model.onnx`` at
hand; a missing file becomes a sentence that names the command which writes it. The prose is in
``model_card.md.jinja``.
"""

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import EvalResult, ModelCard, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer.bundle import Bundle
from fer.evaluation import card_tables
from fer.evaluation.bootstrap import RESAMPLES
from fer.evaluation.bundle_facts import BundleFacts
from fer.wording import ABSENT, INTENDED, JUDGES, LAW, OUT_OF_SCOPE, percent

NUMBERS = "numbers"
"""Name of the README's block with `numbers_table`."""

EXPERIMENTS = "experiments.md"


def numbers_table(bundles: Sequence[Bundle]) -> str:
    """Markdown table of the headline figures of every split but train; empty without figures."""
    return card_tables.numbers([BundleFacts.of(bundle) for bundle in bundles])


def model_card(bundles: Sequence[Bundle], experiments: Path) -> str:
    """The whole card in Markdown, with the YAML head that the Hugging Face hub reads.

    Args:
        bundles: those to describe.
        experiments: the record of ablations, which the card links to as its neighbour; its
            section "In brief", if it has one, is quoted.
    """
    facts = [BundleFacts.of(bundle) for bundle in bundles]
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {
        "percent": percent,
        "count": "{:,}".format,
        "names": _code_list,
        "fill": _fill,
    }
    text = templates.get_template("model_card.md.jinja").render(
        metadata=_metadata(facts).to_yaml(),
        tables=card_tables,
        bundles=facts,
        brief=_brief(experiments),
        experiments=EXPERIMENTS,
        resamples=RESAMPLES,
        absent=ABSENT,
        judges=JUDGES,
        intended=INTENDED,
        out_of_scope=OUT_OF_SCOPE,
        law=LAW,
    )
    return str(ModelCard(text))


def _metadata(facts: Sequence[BundleFacts]) -> ModelCardData:
    """The YAML head; a figure is named after its bundle, since one card describes them all."""
    results = [
        EvalResult(
            task_type="image-classification",
            dataset_type="fer2013",
            dataset_name=f"FER2013, {JUDGES[metrics['judged_by']]}",
            dataset_config=metrics["judged_by"],
            dataset_split=split,
            metric_type=kind,
            metric_name=f"{title} ({bundle.name})",
            metric_value=round(value, 4),
        )
        for bundle in facts
        for split, metrics in bundle.figures.items()
        for kind, title, value in (
            ("accuracy", "accuracy", metrics["accuracy"]),
            ("f1", "macro-F1", metrics["macro_f1"]),
        )
    ]
    return ModelCardData(
        model_name="fer" if results else None,
        eval_results=results or None,
        license="mit",
        library_name="onnx",
        pipeline_tag="image-classification",
        tags=["facial-expression-recognition", "emotion-recognition", "fer2013", "onnxruntime"],
        metrics=["accuracy", "f1"],
    )


def _brief(experiments: Path) -> str | None:
    """The section "In brief" of the record of trials; ``None`` if there is no such file."""
    if not experiments.is_file():
        return None
    text = experiments.read_text(encoding="utf-8")
    found = re.search(r"^## In brief\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    return found[1].strip() if found else ""


def _code_list(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _fill(paragraph: str) -> str:
    """Lines of equal length again, whatever the values in it."""
    return textwrap.fill(" ".join(paragraph.split()), 100, break_on_hyphens=False)
