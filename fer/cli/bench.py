"""``python -m fer bench``."""

import argparse
import json

from fer.cli.options import add_detector, add_weights


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``bench``."""
    parser = commands.add_parser(
        "bench",
        help="measure how long a frame takes on this machine",
        description="Milliseconds of detecting, cropping, classifying and drawing, of a whole "
        "photo and of a frame in a stream, at 640×480 and 1280×720 with 1, 4 and 16 faces; faces "
        "a second; cold start and memory. Let nothing else run meanwhile.",
    )
    add_weights(parser)
    add_detector(parser)
    parser.add_argument(
        "--rounds", type=int, default=30, metavar="N", help="runs of each part (default: 30)"
    )
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.bundle import bundle_path
    from fer.errors import UserError
    from fer.evaluation.speed import measure_speed
    from fer.evaluation.text import speed_as_text

    if arguments.rounds < 1:
        raise UserError(f"--rounds must be at least 1, not {arguments.rounds}.")
    report = measure_speed(bundle_path(arguments.weights), arguments.detector, arguments.rounds)
    print(json.dumps(report.as_json(), indent=2) if arguments.json else speed_as_text(report))
    return 0
