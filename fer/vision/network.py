"""ONNX Runtime as every network of this project is run."""

import os
from functools import cache

import onnxruntime as ort

MOST_MEMORY = 2 << 30
"""Bytes that the networks of this process take together, weights and all; more is refused."""

_WEIGHTS_FOLDER = "session.model_external_initializers_file_folder_path"
_SHARED_MEMORY = "session.use_env_allocators"
_FATAL = 4  # what ONNX Runtime writes to the log; the rest arrives as an exception


def load_session(network: bytes) -> ort.InferenceSession:
    """A network, ready to run on one thread; may be called from several threads.

    No pool of threads that spins: a run takes a few milliseconds, and the other cores are wanted
    by other visitors. A network may come from a stranger: one that wants weights from other files
    is refused, as is one with operators that are not ONNX's or ONNX Runtime's own. One that wants
    more than `MOST_MEMORY` fails when it is run.
    """
    _share_memory()
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = _FATAL
    # Else those files are looked for from the working folder on, and its parents.
    options.add_session_config_entry(_WEIGHTS_FOLDER, os.devnull)
    options.add_session_config_entry(_SHARED_MEMORY, "1")
    return ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])


@cache
def _share_memory() -> None:
    """One arena for all sessions of `load_session`, and none of other people's in this process."""
    memory = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    ort.create_and_register_allocator(memory, ort.OrtArenaCfg({"max_mem": MOST_MEMORY}))
