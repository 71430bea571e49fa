"""ONNX Runtime as every network of this project is run."""

import onnxruntime as ort


def load_session(network: bytes) -> ort.InferenceSession:
    """A network, ready to run on one thread; may be called from several threads.

    No pool of threads that spins: a run takes a few milliseconds, and the other cores are wanted
    by other visitors.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
