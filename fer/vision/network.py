"""ONNX Runtime as every network of this project is run."""

import os

import onnxruntime as ort

_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"


def load_session(network: bytes) -> ort.InferenceSession:
    """A network, ready to run on one thread; may be called from several threads.

    No pool of threads that spins: a run takes a few milliseconds, and the other cores are wanted
    by other visitors. A network may come from a stranger: one that wants weights from other files
    is refused, as is one with operators that are not ONNX's or ONNX Runtime's own.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # Else those files are looked for from the working folder on, and its parents.
    options.add_session_config_entry(_WEIGHTS_FOLDER, os.devnull)
    return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
