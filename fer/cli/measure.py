"""``fer evaluate``, ``card`` and ``bench``: figures, measured and written down."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fer.cli.options import AsJson, Data, Detector, Split, Weights
from fer.errors import UserError

if TYPE_CHECKING:
    from fer.bundle import Bundle


def evaluate(
    data: Data,
    split: Split,
    weights: Weights = "fer",
    as_json: AsJson = False,
    pipeline: Annotated[
        bool,
        typer.Option(
            "--pipeline",
            help="Measure detection and cropping instead, with the faces placed in larger "
            "pictures, and write pipeline.json.",
        ),
    ] = False,
    corruptions: Annotated[
        bool,
        typer.Option(
            "--corruptions",
            help="Measure robustness instead, on the same images blurred, noisy, compressed and "
            "so on, and write robustness.json.",
        ),
    ] = False,
    groups: Annotated[
        Path | None,
        typer.Option(
            metavar="TABLE",
            help="Measure groups of people instead, and write groups.json: a CSV file with the "
            "column 'file' and one or more columns of groups.",
        ),
    ] = None,
    detector: Detector = "auto",
) -> None:
    """Measure a bundle on a split of a dataset folder.

    Runs its model.onnx; writes metrics.json and predictions.parquet into the bundle (other splits
    are kept) and prints the figures.
    """
    if pipeline + corruptions + (groups is not None) > 1:
        raise UserError(
            "--pipeline, --corruptions and --groups are three measurements; ask for one at a time."
        )
    if groups is not None:
        _evaluate_groups(data, split, weights, as_json, groups)
    elif pipeline:
        _evaluate_pipeline(data, split, weights, as_json, detector)
    elif corruptions:
        _evaluate_robustness(data, split, weights, as_json)
    else:
        _evaluate_model(data, split, weights, as_json)


def _evaluate_pipeline(data: Path, split: str, weights: str, as_json: bool, detector: str) -> None:
    from fer.bundle import Bundle
    from fer.evaluation.pipeline import evaluate_pipeline, save_pipeline
    from fer.evaluation.text import pipeline_as_text

    bundle = Bundle.open(weights)
    report = evaluate_pipeline(bundle, data, split, detector)
    print(json.dumps(report.as_json(), indent=2) if as_json else pipeline_as_text(report))
    save_pipeline(bundle, report)


def _evaluate_robustness(data: Path, split: str, weights: str, as_json: bool) -> None:
    from fer.bundle import Bundle
    from fer.data.folder import FolderDataset
    from fer.evaluation.robustness import evaluate_robustness
    from fer.evaluation.robustness_file import save_robustness
    from fer.evaluation.text import robustness_as_text

    bundle = Bundle.open(weights)
    entry = evaluate_robustness(bundle, FolderDataset.open(data), split)
    print(json.dumps(entry, indent=2) if as_json else robustness_as_text(entry))
    save_robustness(bundle, entry)


def _evaluate_groups(data: Path, split: str, weights: str, as_json: bool, table: Path) -> None:
    from fer.bundle import GROUPS, Bundle
    from fer.data.folder import FolderDataset
    from fer.evaluation.groups import evaluate_groups
    from fer.evaluation.text import groups_as_text

    bundle = Bundle.open(weights)
    entry = evaluate_groups(bundle, FolderDataset.open(data), split, table)
    print(json.dumps(entry, indent=2) if as_json else groups_as_text(entry))
    bundle.add_current(GROUPS, split, entry)


def _evaluate_model(data: Path, split: str, weights: str, as_json: bool) -> None:
    from fer.bundle import Bundle
    from fer.evaluation.report import evaluate, save, stale_splits
    from fer.evaluation.text import figures_as_text

    bundle = Bundle.open(weights)
    evaluation = evaluate(bundle, data, split)
    remark = ""
    try:
        save(bundle, evaluation)
        if stale := stale_splits(bundle):
            remark = (
                f"note: the figures of {', '.join(stale)} belong to an earlier model.onnx; "
                "evaluate these splits again."
            )
    except UserError as error:  # the figures themselves are what was asked for
        remark = f"warning: The figures are not saved: {error}"
    metrics = evaluation.metrics
    print(json.dumps(metrics, indent=2) if as_json else figures_as_text(metrics))
    if remark:
        print(remark, file=sys.stderr)


def card(
    weights: Annotated[
        list[str] | None,
        typer.Option(metavar="BUNDLE", help="Bundle to describe; may be repeated (default: all)."),
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The card.")] = Path(
        "docs/model-card.md"
    ),
    readme: Annotated[Path, typer.Option(metavar="FILE", help="Its table is replaced.")] = Path(
        "README.md"
    ),
) -> None:
    """Write the model card, the page on robustness and the README's table from the bundles.

    No figure is typed by hand: all come from the files of the bundles.
    """
    from fer.bundle import Bundle, list_bundles
    from fer.evaluation.markdown import replace_block
    from fer.evaluation.model_card import EXPERIMENTS, NUMBERS, model_card, numbers_table
    from fer.evaluation.robustness_page import PAGE
    from fer.files import write_text

    bundles = [Bundle.open(name) for name in weights or ()] or list_bundles()
    if not bundles:
        raise UserError("There is no bundle to describe; 'python -m fer train' makes one.")
    write_text(out, model_card(bundles, out.with_name(EXPERIMENTS)))
    print(out)
    _write_robustness(bundles, out.with_name(PAGE))
    if not readme.is_file():
        print(f"note: there is no {readme} to put the table into.", file=sys.stderr)
        return
    text = replace_block(readme.read_text(encoding="utf-8"), NUMBERS, numbers_table(bundles))
    write_text(readme, text)
    print(readme)


def _write_robustness(bundles: "list[Bundle]", page: Path) -> None:
    from fer.evaluation.robustness_page import robustness_page
    from fer.files import write_text

    try:
        text = robustness_page(bundles)
    except UserError as error:  # the card does without
        print(f"note: {error}", file=sys.stderr)
    else:
        write_text(page, text)
        print(page)


def bench(
    weights: Weights = "fer",
    detector: Detector = "auto",
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each part.")] = 30,
    as_json: AsJson = False,
) -> None:
    """Measure how long a frame takes on this machine.

    Milliseconds of detecting, cropping, classifying and drawing, of a whole photo and of a frame
    in a stream, at 640×480 and 1280×720 with 1, 4 and 16 faces; faces a second; cold start and
    memory. Let nothing else run meanwhile.
    """
    from fer.evaluation.speed import measure_speed
    from fer.evaluation.text import speed_as_text

    report = measure_speed(weights, detector, rounds)
    print(json.dumps(asdict(report), indent=2) if as_json else speed_as_text(report))
