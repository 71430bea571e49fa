"""Run ``train_notebook.ipynb`` and store what it shows: ``python tools/notebook.py DATA``.

Figures are stored as small pictures, which every viewer shows; cells with the tag ``faces`` run
but keep no output, since FER2013's photographs may not be passed on. Needs Chromium and the package
``kaleido`` for the pictures.
"""

import argparse
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parent.parent / "train_notebook.ipynb"


def main() -> None:
    """Run every cell with settings of its own; write the outputs beside the cells as they are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="dataset folder")
    parser.add_argument("--plain-epochs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    sources = [cell.source for cell in notebook.cells]
    os.environ |= {"PLOTLY_RENDERER": "png", "TF_CPP_MIN_LOG_LEVEL": "3"}
    with TemporaryDirectory() as folder:
        for cell in notebook.cells:
            if "parameters" in cell.metadata.get("tags", []):
                cell.source = (
                    f"DATA = {str(arguments.data.resolve())!r}\n"
                    f"OUT = {f'{folder}/mine'!r}\n"
                    f"PLAIN_EPOCHS, EPOCHS = {arguments.plain_epochs}, {arguments.epochs}\n"
                )
        where = {"metadata": {"path": str(NOTEBOOK.parent)}}
        NotebookClient(notebook, timeout=None, resources=where).execute()
        for cell, source in zip(notebook.cells, sources, strict=True):
            cell.source = source
            cell.metadata.pop("execution", None)
            if cell.cell_type == "code":
                cell.outputs = [_kept(output, folder) for output in _shown(cell)]
    nbformat.write(notebook, NOTEBOOK)


def _shown(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    if "faces" in cell.metadata.get("tags", []):
        return []
    return [output for output in cell.outputs if output.get("name") != "stderr"]


def _kept(output: nbformat.NotebookNode, folder: str) -> nbformat.NotebookNode:
    """The output without the temporary folder's name."""
    for values, key in ((output, "text"), (output.get("data", {}), "text/plain")):
        if key in values:
            values[key] = values[key].replace(f"{folder}/", "weights/")
    return output


if __name__ == "__main__":
    main()
