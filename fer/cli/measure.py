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
    from fer.data.folder import FolderDataset


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
    if detector != "auto" and not pipeline:
        raise UserError(
            "--detector is for --pipeline: the other measurements find no faces, they are given."
        )
    if pipeline and detector == "none":
        raise UserError("--pipeline measures what a detector costs; choose haar or yunet.")
    from fer.bundle import GROUPS, PIPELINE, ROBUSTNESS, Bundle
    from fer.data.folder import FolderDataset

    bundle, dataset = Bundle.open(weights), FolderDataset.open(data)
    if pipeline:
        from fer.evaluation.pipeline import evaluate_pipeline
        from fer.evaluation.text import pipeline_as_text

        report = evaluate_pipeline(bundle, dataset, split, detector)
        entry, text = report.as_json(), pipeline_as_text(report)
        part, key = PIPELINE, report.detector
    elif corruptions:
        from fer.evaluation.robustness import evaluate_robustness
        from fer.evaluation.text import robustness_as_text

        entry = evaluate_robustness(bundle, dataset, split)
        part, key, text = ROBUSTNESS, split, robustness_as_text(entry)
    elif groups is not None:
        from fer.evaluation.groups import evaluate_groups
        from fer.evaluation.text import groups_as_text

        entry = evaluate_groups(bundle, dataset, split, groups)
        part, key, text = GROUPS, split, groups_as_text(entry)
    else:
        _evaluate_model(bundle, dataset, split, as_json)
        return
    print(json.dumps(entry, indent=2) if as_json else text)
    bundle.add_current(part, key, entry)


def _evaluate_model(bundle: "Bundle", dataset: "FolderDataset", split: str, as_json: bool) -> None:
    from fer.evaluation.report import evaluate, save, stale_splits
    from fer.evaluation.text import figures_as_text

    evaluation = evaluate(bundle, dataset, split)
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
