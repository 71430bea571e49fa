"""``python -m fer train``."""

import argparse
import sys
from pathlib import Path
from typing import Any


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``train``."""
    parser = commands.add_parser(
        "train",
        help="train a network on a dataset folder and write a bundle",
        description="Train on the split 'train', select the best epoch on 'validation' only.",
    )
    parser.add_argument("--data", type=Path, required=True, help="dataset folder")
    parser.add_argument("--out", type=Path, required=True, help="bundle to write: weights/NAME")
    parser.add_argument(
        "--consensus", type=Path, help="second bundle, for the head that learns the FER+ votes"
    )
    parser.add_argument("--resume", action="store_true", help="go on after an interruption")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings as JSON, such as a bundle's train.json; the options below override them",
    )
    parser.add_argument("--epochs", type=int, help="passes over the training images")
    parser.add_argument("--batch-size", type=int, help="images a step")
    parser.add_argument("--learning-rate", type=float, help="peak learning rate")
    parser.add_argument(
        "--start",
        nargs="+",
        metavar="BUNDLE",
        help="bundles whose weights to begin with; of layers that several have, the first counts",
    )
    parser.add_argument(
        "--teachers",
        nargs="+",
        metavar="BUNDLE",
        help="bundles whose averaged answers are learned beside the labels",
    )
    parser.add_argument("--seed", type=int, help="seed of every random choice")
    parser.add_argument(
        "--precision",
        choices=("float32", "mixed_bfloat16"),
        help="default: mixed_bfloat16 where the processor has it",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from fer.errors import UserError
    from fer.files import read_json
    from fer.training.config import config_from
    from fer.training.train import epoch_line, train

    names = ("epochs", "batch_size", "learning_rate", "seed", "precision", "start", "teachers")
    chosen = {name: getattr(arguments, name) for name in names}
    values: dict[str, Any] = {}
    if arguments.config is not None:
        values = read_json(arguments.config, "python -m fer train")
        values = values.get("config", values)
        if not isinstance(values, dict):
            raise UserError(f"{arguments.config} holds no settings under 'config'.")
    try:
        config = config_from(
            values | {name: value for name, value in chosen.items() if value is not None}
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    train(
        arguments.data,
        arguments.out,
        config,
        consensus=arguments.consensus,
        resume=arguments.resume,
        report=lambda epoch: print(epoch_line(epoch, config.epochs), flush=True),
    )
    print(f"Next: python -m fer export {arguments.out}", file=sys.stderr)
    return 0
