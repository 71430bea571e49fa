"""``fer fetch``: what is not part of the repository."""

from typing import Annotated, Literal

import typer


def fetch(
    what: Annotated[Literal["yunet", "browser"], typer.Argument(help="What to download.")],
) -> None:
    """Download what is not part of the repository.

    yunet: the face detector (230 kB) from the Hugging Face hub into its cache; checks that it is
    the file that was measured here, and says where it is. browser: ONNX Runtime's build for
    browsers, through npm, with which recognition runs on the visitor's device.
    """
    from fer import ondevice
    from fer.vision import yunet

    print(yunet.fetch() if what == "yunet" else ondevice.fetch_runtime())
