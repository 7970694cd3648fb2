"""Turns values into texts as Data Factory does: numbers in .NET's shape, objects and arrays as compact JSON."""

import base64
import binascii
import re
from typing import Any

from adf_lang.types import Value

# Ours: the longest text and the longest array a function may make. Data Factory ends an activity beyond 4 MB.
MAX_TEXT = 4 * 1024 * 1024
MAX_ITEMS = 1_000_000

CONTENT_TYPE = "$content-type"
CONTENT = "$content"
BINARY = "application/octet-stream"
XML = "application/xml;charset=utf-8"

ESCAPED = re.compile('["\\\\\x00-\x1f\x85\u2028\u2029]')
ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
BLANK = re.compile(r"[ \t\r\n]+")
ENCODINGS = {"": "utf-8", "utf-8": "utf-8", "utf-16": "utf-16-le", "us-ascii": "ascii"}
CONSTANTS = {True: "true", False: "false", None: "null"}


class ContentError(ValueError):
    """A binary object whose content cannot be decoded."""


def to_text(value: Value) -> str:
    """The value as `string()`, `concat()` and interpolation write it: True, 1E+20, empty for null, JSON for the rest.

    Raises:
        ContentError: a binary object that is not base64 or not in a known encoding.
    """
    kind = type(value)
    if kind is str:
        return str(value)
    if kind is int:
        return str(value)
    if kind is float:
        return write_float(value)
    if kind is bool:
        return "True" if value else "False"
    if value is None:
        return ""
    if is_content(value):
        return decode(content_bytes(value), value[CONTENT_TYPE])
    return write_json(value)


def write_float(value: float) -> str:
    """The shortest digits that give the same double; an exponent from 1E+17 up and below 0.0001."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    digits, _, exponent = repr(value).partition("e")
    if not exponent:
        return digits.removesuffix(".0")
    power = int(exponent)
    if power == 16:
        sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
        whole, _, fraction = digits.partition(".")
        return sign + (whole + fraction).ljust(17, "0")
    return f"{digits.removesuffix('.0')}E{'-' if power < 0 else '+'}{abs(power):02d}"


def write_json(value: Value, *, sort_keys: bool = False) -> str:
    """Compact JSON, keys in their order, characters as they are but for the control characters.

    Raises:
        TypeError: something that is not a JSON value.
    """
    pieces: list[str] = []
    # A stack of what is still to be written, last first: nesting costs no recursion.
    pending: list[tuple[bool, Any]] = [(False, value)]
    while pending:
        raw, item = pending.pop()
        if raw:
            pieces.append(item)
        elif isinstance(item, str):
            pieces.append(quote(item))
        elif item is None or isinstance(item, bool):
            pieces.append(CONSTANTS[item])
        elif isinstance(item, int):
            pieces.append(str(item))
        elif isinstance(item, float):
            pieces.append(_json_float(item))
        elif isinstance(item, dict):
            pending.append((True, "}"))
            members = sorted(item.items()) if sort_keys else list(item.items())
            for index, (key, member) in reversed(list(enumerate(members))):
                pending.append((False, member))
                pending.append((True, f"{',' if index else ''}{quote(key)}:"))
            pieces.append("{")
        elif isinstance(item, list):
            pending.append((True, "]"))
            for index in range(len(item) - 1, -1, -1):
                pending.append((False, item[index]))
                if index:
                    pending.append((True, ","))
            pieces.append("[")
        else:
            raise TypeError(f"{type(item).__name__} is not a JSON value")
    return "".join(pieces)


def quote(text: str) -> str:
    """A JSON string."""
    return '"' + ESCAPED.sub(lambda match: ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}", text) + '"'


def _json_float(value: float) -> str:
    text = write_float(value)
    if text[-1].isalpha():
        return '"NaN"' if value != value else f'"{text}"'
    return text if "." in text or "E" in text else text + ".0"


def is_content(value: Value) -> bool:
    """Whether the value is a binary object, {"$content-type": .., "$content": ..}."""
    return isinstance(value, dict) and isinstance(value.get(CONTENT_TYPE), str) and isinstance(value.get(CONTENT), str)


def content(data: bytes, content_type: str = BINARY) -> dict[str, Value]:
    """A binary object."""
    return {CONTENT_TYPE: content_type, CONTENT: base64.b64encode(data).decode("ascii")}


def content_bytes(value: dict[str, Value]) -> bytes:
    """The bytes of a binary object."""
    return decode_base64(value[CONTENT])


def decode_base64(text: str) -> bytes:
    """Base64 with its padding; blanks between are passed over."""
    try:
        return base64.b64decode(BLANK.sub("", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContentError("it is not base64") from error


def decode(data: bytes, content_type: str) -> str:
    """Bytes as a text, by the charset of the content type; what cannot be decoded becomes U+FFFD."""
    charset = charset_of(content_type)
    encoding = ENCODINGS.get(charset)
    if encoding is None:
        raise ContentError(f"charset '{charset}' is not supported (utf-8, utf-16 and us-ascii are)")
    if encoding == "ascii":
        # .NET replaces what is not ASCII by question marks, byte by byte.
        return "".join(chr(byte) if byte < 128 else "?" for byte in data)
    return data.decode(encoding, "replace")


def charset_of(content_type: str) -> str:
    """The charset that a content type names, in lower case; empty: it names none."""
    for part in content_type.split(";")[1:]:
        name, _, given = part.partition("=")
        if name.strip().lower() == "charset":
            return given.strip().strip('"').lower()
    return ""
