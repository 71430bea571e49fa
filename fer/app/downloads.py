"""What a visitor can save: buttons, and the folder whose files Gradio deletes again."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from gradio.utils import get_upload_folder


def buttons(names: Sequence[str]) -> dict[str, gr.DownloadButton]:
    """A row of buttons, by what they say."""
    with gr.Row(elem_classes="downloads"):
        return {name: gr.DownloadButton(name, size="md", min_width=80) for name in names}


def new_folder() -> Path:
    """A new folder inside Gradio's own, whose files `delete_cache` removes."""
    cache = Path(get_upload_folder())
    cache.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=cache))
