"""Pictures of faces in rows, as one figure."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from fer.plots.style import figure

_GAP = 2


def face_rows(rows: Mapping[str, NDArray[np.uint8]]) -> go.Figure:
    """Grey faces side by side, one named row below the other.

    Args:
        rows: ``{name: (n, h, w) uint8}``; every row has the same number of faces and size.
    """
    tiles = np.stack(list(rows.values()))  # (r, n, h, w)
    padded = np.pad(tiles, ((0, 0), (0, 0), (0, _GAP), (0, _GAP)), constant_values=255)
    r, n, h, w = padded.shape
    picture = padded.transpose(0, 2, 1, 3).reshape(r * h, n * w)
    result = figure(60 + 62 * r)
    result.add_image(z=np.repeat(picture[..., None], 3, axis=2), hoverinfo="skip")
    result.update_xaxes(visible=False)
    result.update_yaxes(
        tickvals=[(index + 0.5) * h for index in range(r)], ticktext=list(rows), showgrid=False
    )
    return result
