"""``fer export``, ``quantize``, ``calibrate`` and ``space``: what is served, and where."""

import sys
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import typer

from fer.cli.options import BundleArgument, Data, Split, Weights
from fer.errors import UserError

_MODEL_FILES = (".keras", ".h5", ".hdf5")


def export(
    weights: Annotated[
        str,
        typer.Argument(
            metavar="BUNDLE|MODEL.keras", help="Bundle: its name, or its folder; or a Keras file."
        ),
    ],
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Dataset folder whose validation images both files must agree on; by default "
            "cut-outs of the example photograph.",
        ),
    ] = None,
    mirror: Annotated[
        bool,
        typer.Option(
            "--mirror",
            help="Test-time augmentation: the mean over a face and its mirror image. More "
            "accurate, twice the work.",
        ),
    ] = False,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME,NAME,…", help="MODEL.keras: what its outputs stand for, in their order."
        ),
    ] = None,
    size: Annotated[
        int | None, typer.Option(help="MODEL.keras: side of its input in pixels, if left open.")
    ] = None,
    channels: Annotated[
        int | None, typer.Option(help="MODEL.keras: channels of its input, 1 or 3, if left open.")
    ] = None,
    scaling: Annotated[
        Literal["0..1", "-1..1", "0..255"] | None,
        typer.Option(help="MODEL.keras: its values for black..white, if no layer rescales them."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="MODEL.keras: bundle to write; default weights/MODEL."),
    ] = None,
) -> None:
    """Turn a bundle's model.keras into model.onnx, or any Keras classifier into a bundle.

    Writes model.onnx unless it answers differently from model.keras. A classifier that was trained
    elsewhere needs --labels, and --scaling unless it rescales its input itself.
    """
    from fer.bundle import ONNX, Bundle
    from fer.paths import weights_folder
    from fer.training.backend import require_tensorflow

    file = Path(weights)
    own = file.suffix.lower() in _MODEL_FILES and not file.is_dir()
    if not own and (labels or size or channels or scaling or out):
        raise UserError(
            "--labels, --size, --channels, --scaling and --out describe a Keras file, and "
            f"{weights} is not called {' or '.join(_MODEL_FILES)}."
        )
    require_tensorflow()
    from fer.ship.export import example_faces, validation_faces
    from fer.ship.export import export as run
    from fer.ship.own_model import adopt

    if own:
        names = [name for given in labels or () for name in given.replace(",", " ").split()]
        folder = out or weights_folder() / file.stem
        bundle = adopt(file, folder, names, size, channels, scaling)
    else:
        bundle = Bundle.open(weights)
    size = bundle.spec.input_size
    faces = validation_faces(data, size) if data else example_faces(size)
    parity = run(bundle, faces, mirror)
    print(
        f"{bundle.path(ONNX)}: differs from Keras by at most {parity.probabilities:.1e} in "
        f"probabilities and {parity.activation_maps:.1e} in activation maps "
        f"on {parity.images} images."
    )


def quantize(weights: BundleArgument, data: Data, split: Split = "validation") -> None:
    """Make a bundle's model.onnx compute in eight bits.

    Replaces model.onnx by a faster and smaller one, unless that costs more than 0.3 points of
    accuracy or gains less than half of the speed. Export undoes it.
    """
    from fer.bundle import Bundle
    from fer.ship.quantize import quantize as run

    bundle = Bundle.open(weights)
    found = run(bundle, data, split)
    print(
        f"{bundle}: {100 * found.accuracy_float:.2f} % → {100 * found.accuracy_int8:.2f} % on "
        f"{found.n:,} images of {found.split}, {found.ms_float:.2f} → {found.ms_int8:.2f} ms a "
        f"face ({found.gain:.1f} times as fast), {found.bytes_float / 1e6:.1f} → "
        f"{found.bytes_int8 / 1e6:.1f} MB"
    )
    print(f"Next: python -m fer calibrate --weights {weights} --data …", file=sys.stderr)


def calibrate(
    data: Data,
    weights: Weights = "fer",
    split: Split = "validation",
    aim: Annotated[
        Literal["dataset", "balanced"],
        typer.Option(
            help="What the offsets of the labels serve: dataset, faces as often of each expression "
            "as in the dataset; balanced, every expression alike (probabilities divided by the "
            "square root of each label's share in training)."
        ),
    ] = "dataset",
) -> None:
    """Make a bundle's probabilities mean what they say, and its crops fit.

    Fits temperature, offsets of the labels and the 'unsure' threshold on a split that was not
    trained on, measures how every face detector at hand frames its faces, and writes all of it
    into model.onnx and spec.json. Offsets that are worse than none are left out.
    """
    from fer.bundle import Bundle
    from fer.ship.calibrate import calibrate as run
    from fer.ship.calibrate import calibration_as_text
    from fer.ship.framing import calibrate_framing, framing_as_text
    from fer.vision.detectors import available_detectors

    bundle = Bundle.open(weights)
    found = run(bundle, data, split, aim)
    print(calibration_as_text(found, bundle.spec))
    if not found.offsets_helped:
        print("note: offsets do not serve the aim here and were left out.", file=sys.stderr)
    for detector in available_detectors():
        try:
            framing = calibrate_framing(bundle, data, split, detector)
            print(framing_as_text(detector, framing))
        except UserError as error:  # a dataset of few faces still calibrates the probabilities
            print(f"warning: the framing stays as it was: {error}", file=sys.stderr)
    print(
        f"Next: python -m fer evaluate --data {data} --split {split} --weights {weights}  "
        "(earlier figures belong to the old model.onnx)",
        file=sys.stderr,
    )


def space(
    kind: Annotated[
        Literal["browser", "app", "dashboard"],
        typer.Argument(help="browser is a static page, free on the hub; the others need a server."),
    ],
    folder: Annotated[Path, typer.Argument(help="New folder to write, such as out/space.")],
    upload: Annotated[
        str | None,
        typer.Option(metavar="USER/NAME", help="Space to create or update, after 'hf auth login'."),
    ] = None,
) -> None:
    """Make the folder of a Hugging Face Space, and upload it if asked.

    Copies what serving needs into a new folder; nothing leaves this machine without --upload.
    """
    from fer.ship.hub import upload as send
    from fer.ship.space import BROWSER, allowed_files, build_space, measured_anew

    build_space(kind, folder)
    print(f"{folder}: ready for a Space, with nothing but")
    for place, files in groupby(allowed_files(kind, folder), key=_place):
        sizes = [(folder / name).stat().st_size for name in files]
        print(f"  {place:<32}{len(sizes):>4} files {sum(sizes) / 1e6:>7.2f} MB")
    if kind != BROWSER:
        for name in measured_anew():
            print(
                f"note: {name} stays here: it is not as it was published, or git is missing to "
                "tell, and it may name your own pictures.",
                file=sys.stderr,
            )
        print(
            "note: the hub runs Spaces with a server for paying accounts only; "
            "'python -m fer space browser' makes the free one.",
            file=sys.stderr,
        )
    if upload:
        print(f"All of it goes to {upload}.", flush=True)
        print(send(folder, kind, upload))


def _place(name: str) -> str:
    """Where a file of a Space stands: its folder, in which what is one's own is told apart."""
    top, *inside = name.split("/")
    return "/".join([top, *inside[:1]]) if top in ("examples", "weights") else top
