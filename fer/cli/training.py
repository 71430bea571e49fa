"""``fer train``, ``fer average`` and ``fer remember``."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from fer.cli.options import BundleArgument, Data, NewBundle


def train(
    data: Data,
    out: NewBundle,
    consensus: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Second bundle, for the head that learns FER+ votes."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after an interruption.")] = False,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings as JSON, such as a bundle's train.json; options override them.",
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the training images.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    start: Annotated[
        list[str] | None,
        typer.Option(
            metavar="BUNDLE",
            help="Begin with its weights; may be repeated: of layers that several have, the "
            "first counts.",
        ),
    ] = None,
    teachers: Annotated[
        list[str] | None,
        typer.Option(
            "--teacher", metavar="BUNDLE", help="Learn its answers as well; may be repeated."
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random choice.")] = None,
    precision: Annotated[
        Literal["float32", "mixed_bfloat16"] | None,
        typer.Option(help="Default: mixed_bfloat16 where the processor has it."),
    ] = None,
) -> None:
    """Train a network on a dataset folder and write a bundle.

    Trains on the split 'train'; selects the best epoch on 'validation' only.
    """
    from fer.training.backend import require_tensorflow
    from fer.training.config import read_config

    require_tensorflow()
    from fer.training.train import epoch_line
    from fer.training.train import train as run

    options: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "start": start,
        "teachers": teachers,
        "seed": seed,
        "precision": precision,
    }
    chosen = {name: value for name, value in options.items() if value not in (None, [])}
    settings = read_config(config, chosen)
    run(
        data,
        out,
        settings,
        consensus=consensus,
        resume=resume,
        report=lambda epoch: print(epoch_line(epoch, settings.epochs), flush=True),
        note=lambda sentence: print(f"note: {sentence}", file=sys.stderr),
    )
    print(f"Next: python -m fer export {out}", file=sys.stderr)


def average(
    bundles: Annotated[list[str], typer.Argument(metavar="BUNDLE...", help="Names or folders.")],
    out: NewBundle,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Take the normalisation's statistics anew on this dataset folder."
        ),
    ] = None,
) -> None:
    """Write the mean of the weights of several bundles.

    For runs that began with the same weights, or one with the other's. With --data one is enough.
    """
    from fer.training.backend import require_tensorflow

    require_tensorflow()
    from fer.training.average import average as run

    run(bundles, out, data)
    print(f"Next: python -m fer export {out}", file=sys.stderr)


def remember(
    weights: BundleArgument,
    data: Data,
    out: NewBundle,
    rank: Annotated[
        int,
        typer.Option(
            min=0,
            help="Channels within the convolutions of the last stage, which makes room; 0: as many "
            "as they have.",
        ),
    ] = 0,
) -> None:
    """Give a network a memory of its training images, in which it looks faces up.

    Writes a new bundle. More accurate, above all on spoilt pictures; knows its training images
    by heart from then on.
    """
    from fer.training.backend import require_tensorflow

    require_tensorflow()
    from fer.training.remember import remember as run

    parameters = run(weights, data, out, rank).count_params()
    print(f"{out}: {parameters:,} parameters, codes of the memory among them.")
    print(f"Next: python -m fer export {out}", file=sys.stderr)
