"""``python -m fer evaluate``."""

import argparse
import json
import sys
from pathlib import Path

from fer.cli.options import add_detector, add_weights


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``evaluate``."""
    parser = commands.add_parser(
        "evaluate",
        help="measure a bundle on a split of a dataset folder",
        description="Run a bundle's model.onnx on a split; write metrics.json and "
        "predictions.parquet into the bundle (other splits are kept) and print the figures.",
    )
    parser.add_argument("--data", type=Path, required=True, help="dataset folder")
    parser.add_argument("--split", required=True, help="folder name of the split: validation, …")
    add_weights(parser)
    parser.add_argument("--json", action="store_true", help="print the split's object as JSON")
    parser.add_argument(
        "--pipeline",
        action="store_true",
        help="measure detection and cropping instead, with the faces placed in larger pictures, "
        "and write pipeline.json",
    )
    add_detector(parser, "for --pipeline: what finds the faces")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    return _run_pipeline(arguments) if arguments.pipeline else _run_model(arguments)


def _run_pipeline(arguments: argparse.Namespace) -> int:
    from fer.bundle import bundle_path
    from fer.evaluation.pipeline import evaluate_pipeline, save_pipeline
    from fer.evaluation.text import pipeline_as_text

    bundle = bundle_path(arguments.weights)
    report = evaluate_pipeline(bundle, arguments.data, arguments.split, arguments.detector)
    print(json.dumps(report.as_json(), indent=2) if arguments.json else pipeline_as_text(report))
    save_pipeline(bundle, report)
    return 0


def _run_model(arguments: argparse.Namespace) -> int:
    from fer.bundle import bundle_path, read_spec
    from fer.errors import UserError
    from fer.evaluation.report import evaluate, save, stale_splits
    from fer.evaluation.text import figures_as_text

    bundle = bundle_path(arguments.weights)
    evaluation = evaluate(bundle, read_spec(bundle), arguments.data, arguments.split)
    remark = ""
    try:
        save(bundle, evaluation)
        if stale := stale_splits(bundle):
            remark = (
                f"note: the figures of {', '.join(stale)} belong to an earlier model.onnx; "
                "evaluate these splits again."
            )
    except UserError as error:  # the figures themselves are what was asked for
        remark = f"warning: {error}"
    metrics = evaluation.metrics
    print(json.dumps(metrics, indent=2) if arguments.json else figures_as_text(metrics))
    if remark:
        print(remark, file=sys.stderr)
    return 0
