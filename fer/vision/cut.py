"""A network cut in two, so that its first layers can go over a picture strip by strip.

The ``onnx`` package does this too (``onnx.utils.Extractor``, the reference in the tests), but it is
as large as this package with its models (30 MB), and recognition needs nothing else of it. Of
ONNX's file format (``onnx.proto``; protocol buffers) it takes the few fields below.
"""

from collections.abc import Iterator

_GRAPH = 7  # of the model
_NODE, _INITIALIZER, _INPUT, _OUTPUT = 1, 5, 11, 12  # of the graph
_OUTPUT_OF_NODE = 2
_FLOAT32 = 1


def cut_in_two(network: bytes, tensor: str, channels: int) -> tuple[bytes, bytes]:
    """What makes ``tensor`` out of the network's input, and what makes the outputs out of it.

    ``tensor`` is float32 ``(1, channels, h, w)``. In the file all nodes that the first half needs
    stand before the others, and ``tensor`` is all of it that the second half needs; otherwise ONNX
    Runtime does not load the halves.

    Raises:
        ValueError: if no node makes ``tensor``.
    """
    fields = list(_fields(network))
    around = b"".join(whole for number, _, whole in fields if number != _GRAPH)
    graph = [
        (number, content, whole)
        for field, body, _ in fields
        if field == _GRAPH
        for number, content, whole in _fields(body)
    ]

    def all_of(kind: int) -> list[bytes]:
        return [whole for number, _, whole in graph if number == kind]

    makes = [_outputs(content) for number, content, _ in graph if number == _NODE]
    end = next((i for i, names in enumerate(makes, start=1) if tensor in names), None)
    if end is None:
        raise ValueError(f"no node makes {tensor!r}")
    nodes, weights, between = all_of(_NODE), all_of(_INITIALIZER), _value(tensor, channels)
    halves = (
        [*nodes[:end], *weights, *all_of(_INPUT), _field(_OUTPUT, between)],
        [*nodes[end:], *weights, _field(_INPUT, between), *all_of(_OUTPUT)],
    )
    name = _field(2, b"half")  # which every graph must have
    first, second = (around + _field(_GRAPH, name + b"".join(half)) for half in halves)
    return first, second


def _outputs(node: bytes) -> list[str]:
    return [content.decode() for number, content, _ in _fields(node) if number == _OUTPUT_OF_NODE]


def _value(name: str, channels: int) -> bytes:
    """``ValueInfoProto`` of a float32 tensor ``(1, channels, rows, columns)``."""
    sides = [
        _varint(1 << 3) + _varint(1),
        _varint(1 << 3) + _varint(channels),
        _field(2, b"rows"),
        _field(2, b"columns"),
    ]
    shape = b"".join(_field(1, side) for side in sides)
    tensor = _varint(1 << 3) + _varint(_FLOAT32) + _field(2, shape)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Number and content of each field, empty where it is a number, and the whole field."""
    at = 0
    while at < len(message):
        begin = at
        key, at = _read_varint(message, at)
        content = b""
        match key & 7:
            case 0:
                _, at = _read_varint(message, at)
            case 1:
                at += 8
            case 2:
                size, at = _read_varint(message, at)
                content = message[at : at + size]
                at += size
            case 5:
                at += 4
            case kind:
                raise ValueError(f"not a protocol buffer: field type {kind}")
        yield key >> 3, content, message[begin:at]


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    """The number that begins at ``at``, and where it ends."""
    number = shift = 0
    while message[at] & 0x80:
        number |= (message[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return number | message[at] << shift, at + 1
