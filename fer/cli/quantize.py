"""``python -m fer quantize``."""

import argparse
import sys
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``quantize``."""
    parser = commands.add_parser(
        "quantize",
        help="make a bundle's model.onnx compute in eight bits",
        description="Replace model.onnx by a faster and smaller one, unless that costs more than "
        "0.3 points of accuracy or gains less than half of the speed. Export undoes it.",
    )
    parser.add_argument("weights", help="bundle: weights/NAME or NAME")
    parser.add_argument("--data", type=Path, required=True, help="dataset folder")
    parser.add_argument("--split", default="validation", help="default: validation")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.bundle import bundle_path
    from fer.errors import UserError

    try:
        from fer.ship.quantize import quantize
    except ModuleNotFoundError as error:
        raise UserError(
            f"Quantising needs the package {error.name}; "
            "'pip install -r requirements.txt' installs it."
        ) from error
    bundle = bundle_path(arguments.weights)
    found = quantize(bundle, arguments.data, arguments.split)
    print(
        f"{bundle}: {100 * found.accuracy_float:.2f} % → {100 * found.accuracy_int8:.2f} % on "
        f"{found.n:,} images of {found.split}, {found.ms_float:.2f} → {found.ms_int8:.2f} ms a "
        f"face ({found.gain:.1f} times as fast), {found.bytes_float / 1e6:.1f} → "
        f"{found.bytes_int8 / 1e6:.1f} MB"
    )
    print(f"Next: python -m fer calibrate --weights {arguments.weights} --data …", file=sys.stderr)
    return 0
