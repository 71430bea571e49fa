"""Every figure of this project, as functions from data to `plotly.graph_objects.Figure`.

The dashboard and the notebook draw with the same functions, so that one thing looks
the same everywhere. A figure has no title: the heading and the sentence that explains it belong
to the page. Colours of text, grid and background are left to the page's theme where it has one.
"""

from fer.plots.archive import expressions, over_time
from fer.plots.compare import accuracy_against_cost, shared_errors
from fer.plots.data import class_balance, imbalance
from fer.plots.images import face_rows
from fer.plots.matrix import confusion
from fer.plots.robustness import corruption
from fer.plots.scores import (
    accuracy_by_agreement,
    coverage,
    group_scores,
    label_scores,
    precision_recall,
    reliability,
)
from fer.plots.style import ACCENT, on_theme
from fer.plots.training import epoch_seconds, learning_curves, learning_rate
