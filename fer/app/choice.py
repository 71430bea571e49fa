"""The menu "Model": which labels the model learned, and what finds the faces; for every tab."""

from collections.abc import Mapping
from dataclasses import dataclass

import gradio as gr

from fer.look import words
from fer.vision.detectors import TITLES
from fer.vision.recognize import Recognizer

WHOLE = "none"
"""The detector for pictures that are a face already; the Photo tab has a switch for it."""

Recognizers = Mapping[tuple[str, str], Recognizer]
"""By the names of a model and of a detector."""


@dataclass(frozen=True)
class Choice:
    """The two choices and what they lead to.

    Attributes:
        model: holds a model's name.
        detector: holds a detector's name.
        recognizers: one for every pair of them.
        titles: of the models, by name, each unlike the others.
    """

    model: gr.Radio
    detector: gr.Radio
    recognizers: Recognizers
    titles: Mapping[str, str]

    @property
    def inputs(self) -> list[gr.Radio]:
        """What an event's handler takes to look its recogniser up: `recognizer`."""
        return [self.model, self.detector]

    def recognizer(self, model: str, detector: str) -> Recognizer:
        """The one that was chosen; opened once, shared by all visitors."""
        return self.recognizers[model, detector]

    def made_by(self, model: str, detector: str, file: str = "") -> str:
        """What a result was made with, for people."""
        return words.made_by(self.titles[model], TITLES[detector], file)


def choose(recognizers: Recognizers) -> Choice:
    """Show the menu; the first model and the last detector that searches are chosen at first.

    A model that is the only one is not offered.
    """
    models = list(dict.fromkeys(model for model, _ in recognizers))
    detectors = list(dict.fromkeys(name for _, name in recognizers if name != WHOLE))
    specs = {model: recognizers[model, detectors[0]].spec for model in models}
    titles = words.unique_titles({model: spec.title for model, spec in specs.items()})
    most = max(spec.multiply_adds for spec in specs.values())
    with gr.Accordion(words.menu(titles[models[0]]), open=False, elem_id="menu") as menu:
        model = gr.Radio(
            [(words.about_model(titles[name], specs[name], most), name) for name in models],
            value=models[0],
            label=words.CHOICE,
            visible=len(models) > 1,
            elem_id="model",
        )
        detector = gr.Radio(
            [(words.about_detector(TITLES[name], name), name) for name in detectors],
            value=detectors[-1],
            label=words.DETECTOR_CHOICE,
            elem_id="detector",
        )
    model.change(
        lambda name: gr.Accordion(label=words.menu(titles[name])),
        model,
        menu,
        api_visibility="private",
        show_progress="hidden",
    )
    return Choice(model, detector, recognizers, titles)
