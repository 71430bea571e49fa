"""Classification of face crops with ONNX Runtime."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Timer

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from fer.bundle import ONNX, Bundle
from fer.errors import UserError
from fer.labels import LABELS
from fer.spec import ONNX_INPUT, ONNX_MAPS, ONNX_PROBABILITIES, ModelSpec
from fer.vision.network import MOST_MEMORY, load_session
from fer.vision.plain import MOST_BYTES, require_plain

_AT_ONCE = 64 * 48 * 48
"""Pixels of all crops in one run: more would be no faster, and each takes memory in every layer."""

_LONGEST = 10.0
"""Seconds that a network may take for one face."""


class Classifier:
    """A bundle's ``model.onnx``, opened once; may be called from several threads, and pickled.

    Attributes:
        spec: what the network requires.
    """

    def __init__(self, bundle: Bundle | str | Path, spec: ModelSpec | None = None) -> None:
        """Open the network of ``bundle``; ``spec``, if given, counts in place of its own.

        Raises:
            UserError: if the file is missing, damaged, or not such a network.
        """
        self._bundle = Bundle.open(bundle)
        self.spec = spec or self._bundle.spec
        self._session = _open_session(self._bundle, self.spec.input_size)

    def __reduce__(self) -> tuple[Callable[..., "Classifier"], tuple[Bundle, ModelSpec]]:
        """In another process the file is opened again."""
        return Classifier, (Bundle(self._bundle.folder.resolve()), self.spec)

    def __call__(
        self, crops: NDArray[np.float32], maps: bool = False, mirrored: bool | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """Probabilities ``(n, 7)`` and, if asked for, class activation maps ``(n, 7, h, w)``.

        Args:
            crops: ``(n, size, size, 1)`` float32 grey values 0..255.
            maps: whether to return the activation maps as well.
            mirrored: of a network with two views the one to take, for half the time; by default
                the answer is that of both (test-time augmentation).
        """
        if self.spec.views == 1 or mirrored is False:
            return self._run(crops, maps)
        flipped = crops[:, :, ::-1]
        if mirrored:
            probs, found = self._run(flipped, maps)
            return probs, None if found is None else found[..., ::-1]
        n = len(crops)  # one batch: a tenth faster than two
        probs, found = self._run(np.concatenate([crops, flipped]), maps)
        if found is not None:
            found = np.mean([found[:n], found[n:, ..., ::-1]], axis=0)
        return joint([probs[:n], probs[n:]]), found

    def _run(
        self, crops: NDArray[np.float32], maps: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
        """What the network says, in batches that memory allows."""
        outputs = [ONNX_PROBABILITIES, ONNX_MAPS] if maps else [ONNX_PROBABILITIES]
        step = max(1, _AT_ONCE // self.spec.input_size**2)
        try:
            parts = [
                self._session.run(outputs, {ONNX_INPUT: crops[start : start + step]})
                for start in range(0, max(1, len(crops)), step)
            ]
        except Exception as error:  # ONNX Runtime's errors have no public base class
            raise _refused(self._bundle, "cannot be run, or needs too much memory") from error
        answers = [np.concatenate(part) for part in zip(*parts, strict=True)]
        return answers[0], answers[1] if maps else None


def joint(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """What several views of the same faces say together, ``(n, 7)``: the mean of their logits.

    That is their geometric mean, brought to sum 1 again.

    >>> joint([np.float32([[0.5, 0.5]]), np.float32([[0.9, 0.1]])]).round(2)
    array([[0.75, 0.25]], dtype=float32)
    """
    least = np.finfo(np.float32).tiny
    together = np.exp(np.mean([np.log(np.maximum(p, least)) for p in probabilities], axis=0))
    return np.asarray(together / together.sum(axis=1, keepdims=True))


def _open_session(bundle: Bundle, size: int) -> ort.InferenceSession:
    """The network of ``bundle``, which may come from a stranger: it is plain, fits, and answers."""
    path = bundle.require(ONNX)
    if path.stat().st_size > MOST_BYTES:
        raise _refused(bundle, f"is larger than {MOST_BYTES >> 20} MB")
    network = path.read_bytes()
    try:
        require_plain(network)
        session = load_session(network)
    except ValueError as error:
        raise _refused(bundle, str(error)) from error
    except Exception as error:  # ONNX Runtime's errors have no public base class
        raise _refused(bundle, "is damaged, or made by a newer version") from error
    shapes = {node.name: node.shape for node in (*session.get_inputs(), *session.get_outputs())}
    pixels = shapes.get(ONNX_INPUT, [])[1:]
    labels = [shapes.get(name, [0, 0])[1] for name in (ONNX_PROBABILITIES, ONNX_MAPS)]
    if pixels != [size, size, 1] or labels != [len(LABELS)] * 2:
        raise _refused(
            bundle,
            f"must have the input '{ONNX_INPUT}' (n, {size}, {size}, 1) and the outputs "
            f"'{ONNX_PROBABILITIES}' and '{ONNX_MAPS}' for {len(LABELS)} labels",
        )
    _try_out(session, bundle, size)
    return session


def _try_out(session: ort.InferenceSession, bundle: Bundle, size: int) -> None:
    """Ask about one face: shapes and work inside a network show when it runs, and only then."""
    options = ort.RunOptions()
    options.log_severity_level = 4  # what is wrong is said here
    watch = Timer(_LONGEST, setattr, (options, "terminate", True))
    face = np.linspace(0, 255, size * size, dtype=np.float32).reshape(1, size, size, 1)
    watch.start()
    try:
        probs, maps = session.run([ONNX_PROBABILITIES, ONNX_MAPS], {ONNX_INPUT: face}, options)
    except Exception as error:  # as above
        needs = f"takes longer than {_LONGEST:.0f} seconds or more than {MOST_MEMORY >> 30} GB"
        raise _refused(bundle, f"{needs} for one face, or is damaged") from error
    finally:
        watch.cancel()
    if not np.allclose(probs.sum(axis=1), 1.0, atol=1e-3) or max(maps.shape[2:]) > size:
        raise _refused(bundle, "does not answer with probabilities and small maps")


def _refused(bundle: Bundle, fault: str) -> UserError:
    return UserError(f"{bundle.path(ONNX)} {fault}; '{bundle.command(ONNX)}' writes it anew.")
