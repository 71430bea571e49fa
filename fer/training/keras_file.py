"""A bundle's ``model.keras``: read with a sentence for what is wrong with it, written whole."""

import keras

from fer.bundle import KERAS, ONNX, QUANTIZATION, Bundle
from fer.errors import UserError
from fer.files import written_whole
from fer.training import memory as memory  # Keras knows the layer from then on


def load_keras(bundle: Bundle) -> keras.Model:
    """The bundle's Keras model: outputs probabilities and activation maps.

    Raises:
        UserError: if the file is missing or damaged.
    """
    path = bundle.require(KERAS)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises whatever the damaged part made it raise
        raise UserError(
            f"{path} cannot be read ({type(error).__name__}); "
            f"'{bundle.command(KERAS)}' writes it anew."
        ) from error


def save_keras(model: keras.Model, bundle: Bundle) -> None:
    """Write the bundle's ``model.keras``, whole or not at all.

    What was made from other weights goes: nobody may be served the two together.

    Raises:
        UserError: if it cannot be written.
    """
    with written_whole(bundle.path(KERAS)) as aside:
        model.save(aside)
    bundle.forget(ONNX, QUANTIZATION)
