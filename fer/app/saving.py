"""Files that visitors save: written when somebody asks for them, and deleted after a while."""

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from fer.errors import UserError, place_of, without_folders
from fer.look import words

log = logging.getLogger(__name__)

_HAND_OVER = """
(file) => {
  if (!file) return;
  const link = document.createElement("a");
  link.href = file.url;
  link.download = file.orig_name;
  link.click();
}
"""

Write = Callable[..., Path]


def save_buttons(writers: Mapping[str, Write], inputs: Sequence[gr.components.Component]) -> None:
    """A row of buttons; each writes its file when it is pressed, and the browser saves it.

    `gr.DownloadButton` alone would have to be given a finished file (gradio#9230).

    Args:
        writers: what writes a file, by what its button says; takes the values of ``inputs``.
        inputs: what the results are read from.
    """
    with gr.Row(elem_classes="downloads"):
        for name, write in writers.items():
            button = gr.Button(name, size="md", min_width=80)
            file = gr.DownloadButton(elem_classes="handed-over")  # out of sight: see app.css
            button.click(
                _told(write), inputs, file, api_visibility="private", show_progress="hidden"
            ).success(None, file, None, js=_HAND_OVER, api_visibility="private")


def _told(write: Write) -> Callable[..., str]:
    def handler(*values: Any) -> str:
        try:
            return str(write(*values))
        except UserError as error:
            said = without_folders(str(error))
        except Exception as error:
            log.error("A file could not be saved.\n%s", place_of(error))
            said = words.FAILED
        raise gr.Error(said, print_exception=False, title="Not saved")

    return handler


def new_folder() -> Path:
    """A new folder inside Gradio's own: see `fer.app.temporary`."""
    cache = Path(get_upload_folder())
    cache.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=cache))
