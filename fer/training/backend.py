"""Which Keras this project trains with: the one on TensorFlow, with channels last."""

from fer.errors import UserError


def require_tensorflow() -> None:
    """Refuse a Keras that runs on something else, before anything is built with it.

    The fused normalization, the augmentation and the ONNX export are TensorFlow's, and every
    array of this project has its channels last.

    Raises:
        UserError: if Keras is missing, does not start, or is set up in another way.
    """
    try:
        import keras

        backend, order = keras.config.backend(), keras.config.image_data_format()
    except Exception as error:  # a backend that is not installed raises whatever it likes
        raise UserError(
            f"Keras does not start ({error}); training needs Keras on TensorFlow: "
            "'pip install -r requirements.txt' installs both, and the environment variable "
            "KERAS_BACKEND must be unset or 'tensorflow'."
        ) from error
    if backend != "tensorflow":
        raise UserError(
            f"Keras runs on '{backend}' here, and this project trains with TensorFlow; set the "
            "environment variable KERAS_BACKEND to 'tensorflow'."
        )
    if order != "channels_last":
        raise UserError(
            f"Keras is set to image_data_format '{order}', and this project needs "
            "'channels_last'; change it in ~/.keras/keras.json."
        )
