"""The notebook runs from top to bottom on generated images."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from fer.bundle import CALIBRATION, METRICS, ONNX, Bundle
from tests.support.toy_dataset import write_toy_dataset

ROOT = Path(__file__).resolve().parent.parent.parent
NOTEBOOK = ROOT / "train_notebook.ipynb"


def _cells(tag=None):
    cells = [cell for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    return [cell for cell in cells if tag is None or tag in cell.metadata.get("tags", [])]


def test_it_runs_from_top_to_bottom(tmp_path, monkeypatch):
    monkeypatch.setenv("PLOTLY_RENDERER", "plotly_mimetype")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    data = write_toy_dataset(tmp_path / "data", train=12, validation=12)
    (parameters,) = (
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])
    )
    out = tmp_path / "weights" / "mine"
    parameters.source = f"DATA = {str(data)!r}\nOUT = {str(out)!r}\nPLAIN_EPOCHS = EPOCHS = 1\n"
    client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(ROOT)}})
    client.execute()
    for name, files in (("mine", (ONNX, METRICS, CALIBRATION)), ("mine-plain", (ONNX,))):
        bundle = Bundle(out.with_name(name))
        assert all(bundle.has(file) for file in files)


def test_the_plain_network_is_about_25_lines_and_other_cells_are_short():
    (network,) = _cells("network")
    assert "model.summary()" in network.source
    for cell in _cells():
        assert len(cell.source.splitlines()) <= (26 if cell == network else 13)


def test_the_stored_outputs_are_of_a_whole_run_and_small():
    code = _cells()
    runs = [cell.execution_count for cell in code if cell.execution_count is not None]
    assert runs == sorted(runs)
    assert len(runs) >= len(code) - 1, "every cell but that which installs was run"
    outputs = [output for cell in code for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error"]
    figures = [output for output in outputs if "data" in output and "image/png" in output.data]
    assert figures, "a reader sees curves without running anything"
    assert NOTEBOOK.stat().st_size < 1_000_000
