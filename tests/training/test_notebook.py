"""The notebook runs from top to bottom, on a toy dataset."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from fer.bundle import METRICS, ONNX
from tests.support.toy_dataset import write_toy_dataset

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOK = ROOT / "train_notebook.ipynb"


def test_it_runs_from_top_to_bottom(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    data = write_toy_dataset(tmp_path / "data", train=12, validation=12)
    (parameters,) = (
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
    )
    parameters.source = f"DATA = {str(data)!r}\nOUT = {str(tmp_path / 'weights')!r}\nEPOCHS = 1\n"
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}})
    client.execute()
    assert (tmp_path / "weights" / ONNX).is_file()
    assert (tmp_path / "weights" / METRICS).is_file()


def test_it_is_committed_without_outputs_and_with_short_cells():
    cells = [cell for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    assert len(cells) > 10
    for cell in cells:
        assert not cell.outputs
        assert len(cell.source.splitlines()) <= 10
