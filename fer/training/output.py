"""What a run leaves in its bundles after every epoch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from fer.bundle import HISTORY, TRAIN, Bundle
from fer.files import written_whole
from fer.spec import ModelSpec
from fer.training.architecture import adopt_weights, build_classifier, count_multiply_adds
from fer.training.keras_file import save_keras
from fer.training.loop import Trainer
from fer.training.provenance import machine, package_versions, source_commit

Epoch = dict[str, float]
"""One line of ``history.csv``."""


@dataclass(frozen=True)
class Output:
    """A bundle that a run writes: one head, its judge, and the history column that selects.

    Attributes:
        bundle: where to.
        dataset: name of the dataset that is learned from.
        head: layer of the network, ``label_head`` or ``vote_head``.
        title: plain name of the bundle.
        judged_by: one of `fer.spec.JUDGED_BY`.
        selected_by: column of ``history.csv``; the weights of the epoch where it is highest stay.
    """

    bundle: Bundle
    dataset: str
    head: str
    title: str
    judged_by: str
    selected_by: str

    def write(self, trainer: Trainer, history: Sequence[Epoch], seconds: float) -> None:
        """Write the history, and the weights with their description if they are the best so far.

        Raises:
            UserError: if the folder cannot be written.
        """
        self._write_history(history)
        best = int(np.argmax([entry[self.selected_by] for entry in history]))
        if best == len(history) - 1:
            self._write_weights(trainer)
        self.bundle.write(
            TRAIN,
            {
                "config": asdict(trainer.config),
                "dataset": self.dataset,
                "head": self.head,
                "selected_by": self.selected_by,
                "best_epoch": best + 1,
                "epochs_done": len(history),
                "duration_seconds": round(seconds, 1),
                "versions": package_versions(),
                "source_commit": source_commit(),
                "machine": machine() | {"precision": trainer.precision},
            },
        )

    def _write_weights(self, trainer: Trainer) -> None:
        config = trainer.config
        size = config.sizes[-1][1]
        classifier = build_classifier(config.architecture, self.head, size)
        adopt_weights(classifier, trainer.ema)
        save_keras(classifier, self.bundle)
        self.bundle.write_spec(
            ModelSpec(
                name=self.bundle.name,
                title=self.title,
                judged_by=self.judged_by,
                input_size=size,
                parameters=classifier.count_params(),
                multiply_adds=count_multiply_adds(classifier),
                source_commit=source_commit(),
            )
        )

    def _write_history(self, history: Sequence[Epoch]) -> None:
        with written_whole(self.bundle.path(HISTORY)) as aside:
            pd.DataFrame(history).to_csv(aside, index=False)
