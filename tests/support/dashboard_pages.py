"""What the tests of the dashboard read off a page that was drawn without a browser."""

import json
from pathlib import Path

from streamlit.testing.v1 import AppTest

from fer.bundle import METRICS

HINT = "streamlit run dashboard.py -- --data DIR"
"""What stands in place of images where no dataset is at hand."""


def html(app: AppTest) -> str:
    return "".join(element.proto.body for element in app.get("html"))


def metrics(site: Path, bundle: str = "fer") -> dict:
    return json.loads((site / "weights" / bundle / METRICS).read_text())["validation"]


def problems(app: AppTest) -> str:
    return " ".join(element.value.replace("\\", "") for element in app.warning)
