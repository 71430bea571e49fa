"""``python -m fer export``."""

import argparse
from pathlib import Path


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``export``."""
    parser = commands.add_parser(
        "export",
        help="turn a bundle's model.keras into model.onnx",
        description="Write model.onnx, unless it answers differently from model.keras.",
    )
    parser.add_argument("weights", help="bundle: weights/NAME or NAME")
    parser.add_argument(
        "--data",
        type=Path,
        help="dataset folder whose validation images both files must agree on "
        "(default: cut-outs of the example photograph)",
    )
    parser.add_argument(
        "--mirror",
        action="store_true",
        help="answer with the mean over a face and its mirror image: surer, and twice the work",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.bundle import MODEL_ONNX, bundle_path, read_spec
    from fer.ship.export import example_faces, export, validation_faces

    bundle = bundle_path(arguments.weights)
    size = read_spec(bundle).input_size
    faces = validation_faces(arguments.data, size) if arguments.data else example_faces(size)
    parity = export(bundle, faces, arguments.mirror)
    print(
        f"{bundle / MODEL_ONNX}: differs from Keras by at most {parity.probabilities:.1e} in "
        f"probabilities and {parity.activation_maps:.1e} in activation maps "
        f"on {parity.images} images."
    )
    return 0
