"""``robustness.json``: a bundle's figures under corruption, one entry a split.

An entry holds who was measured on what (``split``, ``weights``, ``model_sha256``,
``dataset_sha256``, ``judged_by``, ``n`` images, ``unsure_below``), then

- ``clean``, one value each of `FIGURES`: ``accuracy``, ``ece``, ``log_loss`` and ``coverage``
  (share of the images whose top probability reaches ``unsure_below``);
- ``kinds``: of each kind of corruption ``name``, ``title``, ``group``, ``unit``, ``strengths``,
  and under the names of the figures one value a strength;
- ``groups``: accuracy averaged over the kinds of each group;
- ``mean_accuracy``, ``mean_ece``, ``mean_log_loss`` and ``mean_coverage`` over the strengths of a
  kind, then over all kinds, and ``relative_accuracy``, mean over clean accuracy.

Wherever figures stand, ``intervals`` holds those of 95 % under the same names. A relative accuracy
is null where nothing was right on clean images.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer.bundle import ROBUSTNESS, Bundle
from fer.errors import UserError
from fer.spec import JUDGED_BY

FIGURES = ("accuracy", "ece", "log_loss", "coverage")
MEANS = ("mean_accuracy", "relative_accuracy", "mean_coverage", "mean_ece", "mean_log_loss")


def save_robustness(bundle: Bundle, entry: Mapping[str, Any]) -> None:
    """Write an entry into the bundle's ``robustness.json``; other splits are kept.

    Raises:
        UserError: if the bundle's folder cannot be written.
    """
    bundle.add_current(ROBUSTNESS, entry["split"], entry)


def read_robustness(bundle: Bundle, split: str) -> dict[str, Any]:
    """The entry of ``split`` that was measured on the ``model.onnx`` at hand.

    Raises:
        UserError: if there is none, or it is damaged; names the command that writes it.
    """
    command = f"python -m fer evaluate --data DIR --split {split} --weights {bundle} --corruptions"
    entry = bundle.current(ROBUSTNESS).get(split)
    if entry is None:
        raise UserError(
            f"{bundle} was not measured under corruption on '{split}'; '{command}' does that."
        )
    try:
        _check(entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{bundle.path(ROBUSTNESS)} has no usable measurement on '{split}' ({error!r}); "
            f"'{command}' writes it anew."
        ) from error
    return entry


def _check(entry: Mapping[str, Any]) -> None:
    """Raise what a reader would stumble over."""
    if entry["judged_by"] not in JUDGED_BY:
        raise ValueError(f"judged_by is {entry['judged_by']!r}")
    int(entry["n"])
    _check_figures(entry["clean"], FIGURES, ())
    for kind in entry["kinds"]:
        "".join(kind[text] for text in ("name", "title", "group", "unit"))
        _require_shape(kind["strengths"], (3,))
        _check_figures(kind, FIGURES, (3,))
    _check_figures(entry["groups"], tuple(entry["groups"]["intervals"]), ())
    _check_figures(entry, [name for name in MEANS if entry[name] is not None], ())


def _check_figures(
    figures: Mapping[str, Any], names: Sequence[str], shape: tuple[int, ...]
) -> None:
    for name in names:
        _require_shape(figures[name], shape)
        _require_shape(figures["intervals"][name], (*shape, 2))


def _require_shape(values: Any, shape: tuple[int, ...]) -> None:
    numbers = np.array(values)
    if numbers.shape != shape or not np.issubdtype(numbers.dtype, np.number):
        raise ValueError(f"{values!r} is not {shape} numbers")
