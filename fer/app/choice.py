"""What a visitor chooses for every tab: which labels the model learned, what finds the faces."""

from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr

from fer.bundle import unique_titles
from fer.look import words
from fer.vision.detectors import TITLES
from fer.vision.recognize import Recognizer

Recognizers = Mapping[tuple[str, str], Recognizer]
"""By the names of a model and of a detector."""


@dataclass(frozen=True)
class Choice:
    """The two choices and what they lead to.

    Attributes:
        model: holds a model's name.
        detector: holds a detector's name.
        recognizers: one for every pair of them.
    """

    model: gr.Radio
    detector: gr.Radio
    recognizers: Recognizers

    @property
    def inputs(self) -> list[gr.Radio]:
        """What an event's handler takes to look its recogniser up: `recognizer`."""
        return [self.model, self.detector]

    def recognizer(self, model: str, detector: str) -> Recognizer:
        """The one that was chosen; opened once, shared by all visitors."""
        return self.recognizers[model, detector]


def choose(recognizers: Recognizers) -> Choice:
    """Show what there is to choose; the first model and the last detector are chosen at first.

    A choice of one model is not shown; what finds the faces is always told.
    """
    models = list(dict.fromkeys(model for model, _ in recognizers))
    detectors = list(dict.fromkeys(detector for _, detector in recognizers))
    titles = unique_titles({model: recognizers[model, detectors[0]].spec.title for model in models})
    with gr.Row(elem_id="choices"):
        model = gr.Radio(
            [(titles[name], name) for name in models],
            value=models[0],
            label=words.CHOICE,
            visible=len(models) > 1,
            elem_id="model",
        )
        detector = gr.Radio(
            [(TITLES.get(name, name), name) for name in detectors],
            value=detectors[-1],
            label=words.DETECTOR_CHOICE,
            elem_id="detector",
        )
    return Choice(model, detector, recognizers)
