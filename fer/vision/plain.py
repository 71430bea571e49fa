"""What may stand in a ``model.onnx``: a plain network, and nothing that does more than classify.

Bundles come from strangers, and ONNX Runtime runs what it is given: loops without end, operators of
other programs, weights out of other files. So the file is looked through first, protobuf by
protobuf; `onnx.proto <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>`_ tells the numbers
of its fields. The package ``onnx`` would do it as well, but serving has no other use for it.
"""

from collections import defaultdict
from collections.abc import Iterator
from math import prod

MOST_BYTES = 256 << 20
"""Of a network file: opened it takes about three times as much memory."""

_MOST_FIELDS = 100_000
"""That are looked at: the networks shipped have 3,500, and a file could be nothing else."""

_MOST_SIDES = 8

_OPERATORS = """
    Abs Add And ArgMax AveragePool BatchNormalization Cast CastLike Ceil Celu Clip Concat Constant
    ConstantOfShape Conv ConvTranspose DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal
    Erf Exp Expand Flatten Floor Gather GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool Greater
    GreaterOrEqual GroupNormalization HardSigmoid HardSwish Identity InstanceNormalization LRN
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax MatMul Max MaxPool Mean Min Mish
    Mod Mul Neg Not OneHot Or PRelu Pad Pow QuantizeLinear Range Reciprocal ReduceL1 ReduceL2
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
    Reshape Resize ReverseSequence Round Selu Shape Sigmoid Sign Size Slice Softmax Softplus
    Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh ThresholdedRelu Tile Transpose Unsqueeze
    Upsample Where
"""
"""Of our own exports and quantization, and those that Keras' layers of convolutional networks
become. Not among them: ``If``, ``Loop`` and ``Scan``, sequences, random numbers, decoders."""

_KNOWN = frozenset(_OPERATORS.split())

_Value = int | memoryview
_Message = defaultdict[int, list[_Value]]  # every value of every field, by the field's number


def require_plain(network: bytes) -> None:
    """Look through a network before it is opened.

    Raises:
        ValueError: if it is no ONNX file or not plain; a predicate whose subject is the file.
    """
    reader = _Reader()
    model = reader.read(memoryview(network))
    if not model[7]:
        raise ValueError("is damaged: it holds no network")
    if model[25]:
        raise ValueError("has functions of its own, which are not run here")
    for graph in map(reader.read, model[7]):
        for node in map(reader.read, graph[1]):
            _require_plain_node(reader, node)
        if graph[15]:
            raise ValueError("has sparse weights, which are not run here")
        for tensor in graph[5]:
            _require_own_weights(reader, tensor)


def _require_plain_node(reader: "_Reader", node: _Message) -> None:
    for domain in map(_text, node[7]):
        if domain not in ("", "ai.onnx"):
            raise ValueError(f"has operators of {domain[:40]!a}, which are not run here")
    for name in map(_text, node[4]):
        if name not in _KNOWN:
            raise ValueError(f"has the operator {name[:40]!a}, which is not run here")
    for attribute in map(reader.read, node[5]):
        if attribute[6] or attribute[11]:
            raise ValueError("has networks inside its operators, which are not run here")
        if attribute[22] or attribute[23]:
            raise ValueError("has sparse weights, which are not run here")
        for tensor in (*attribute[5], *attribute[10]):
            _require_own_weights(reader, tensor)


def _require_own_weights(reader: "_Reader", tensor: _Value) -> None:
    """Refuse weights that are not in the file, or fewer than their shape says."""
    fields = reader.read(tensor)
    if fields[13] or any(fields[14]):
        raise ValueError("keeps weights in other files, which are not opened")
    sides = [
        side
        for value in fields[1]
        for side in ([value] if isinstance(value, int) else reader.numbers(value))
    ]
    if len(sides) > _MOST_SIDES or prod(sides) > len(_message(tensor)):  # a byte each at least
        raise ValueError("has weights of a shape that is larger than the file")


class _Reader:
    """Reads protobuf's messages, as many fields as `_MOST_FIELDS` in all."""

    def __init__(self) -> None:
        self._left = _MOST_FIELDS

    def read(self, value: _Value) -> _Message:
        """The fields of one message; those inside are left as bytes.

        Raises:
            ValueError: if it is none; see `require_plain`.
        """
        message, at = _message(value), 0
        found: _Message = defaultdict(list)
        while at < len(message):
            self._count()
            tag, at = _number(message, at)
            # ONNX Runtime takes the low 32 bits of a tag, and so would see other fields.
            if tag >> 32 or not tag >> 3:
                raise ValueError("is damaged")
            length = {1: 8, 5: 4}.get(tag & 7, 0)
            if tag & 7 in (0, 2):
                length, at = _number(message, at)
            elif not length:
                raise ValueError("is damaged")
            if tag & 7 == 0:
                found[tag >> 3].append(length)
                continue
            if length > len(message) - at:
                raise ValueError("is damaged: it ends too early")
            found[tag >> 3].append(message[at : at + length])
            at += length
        return found

    def numbers(self, packed: memoryview) -> Iterator[int]:
        """Numbers that stand in one field, one after another."""
        at = 0
        while at < len(packed):
            self._count()
            value, at = _number(packed, at)
            yield value

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise ValueError(f"has more than {_MOST_FIELDS:,} parts")


def _number(message: memoryview, at: int) -> tuple[int, int]:
    """Protobuf's variable-length number at ``at``, and where the next thing begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("is damaged: it ends too early")


def _message(value: _Value) -> memoryview:
    if isinstance(value, int):
        raise ValueError("is damaged")
    return value


def _text(value: _Value) -> str:
    return bytes(_message(value)).decode(errors="replace")
