"""``python -m fer calibrate``."""

import argparse
import sys
from pathlib import Path

from fer.cli.options import add_weights


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``calibrate``."""
    parser = commands.add_parser(
        "calibrate",
        help="make a bundle's probabilities mean what they say, and its crops fit",
        description="Fit temperature, offsets of the labels and the 'unsure' threshold on a split "
        "that was not trained on, measure how every face detector at hand frames its faces, and "
        "write all of it into model.onnx and spec.json.",
    )
    parser.add_argument("--data", type=Path, required=True, help="dataset folder")
    add_weights(parser)
    parser.add_argument("--split", default="validation", help="default: validation")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.bundle import bundle_path
    from fer.errors import UserError
    from fer.evaluation.pipeline import calibrate_framing
    from fer.evaluation.text import calibration_as_text, framing_as_text
    from fer.ship.calibrate import calibrate
    from fer.vision.detection import available_detectors

    bundle = bundle_path(arguments.weights)
    print(calibration_as_text(calibrate(bundle, arguments.data, arguments.split)))
    for detector in available_detectors():
        try:
            framing = calibrate_framing(bundle, arguments.data, arguments.split, detector)
            print(framing_as_text(detector, framing))
        except UserError as error:  # a dataset of few faces still calibrates the probabilities
            print(f"warning: the framing stays as it was: {error}", file=sys.stderr)
    print(
        f"Next: python -m fer evaluate --data {arguments.data} --split {arguments.split} "
        f"--weights {arguments.weights}  (earlier figures belong to the old model.onnx)",
        file=sys.stderr,
    )
    return 0
