"""``history.csv``: what every epoch of a training came to."""

from pathlib import Path
from typing import TYPE_CHECKING

from fer.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = (
    "epoch", "image_size", "learning_rate", "train_loss", "train_accuracy",
    "validation_loss", "validation_accuracy", "seconds",
)  # fmt: skip


def read_history(path: Path, command: str) -> "pd.DataFrame":
    """One row per epoch.

    Raises:
        UserError: if the file is damaged or has no epoch; ``command`` is what writes it anew.
    """
    import pandas as pd

    try:
        frame = pd.read_csv(path)
        numbers = frame[list(_COLUMNS)].astype(float)
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is damaged ({error}); '{command}' writes it anew.") from error
    if numbers.empty or numbers["validation_accuracy"].isna().all():
        raise UserError(f"{path} has no epoch yet; '{command}' adds one line per epoch.")
    return frame
