"""Conversion functions: types, base64, data URIs, URI components, JSON and XML."""

import re
from collections.abc import Callable
from urllib.parse import quote, unquote_plus, unquote_to_bytes

from adf_lang.functions.strings import bound_text
from adf_lang.json_reader import JsonError, read_json
from adf_lang.nodes import INTEGERS
from adf_lang.registry import RefusalError, function
from adf_lang.scope import Scope
from adf_lang.text import (
    BINARY,
    CONTENT,
    CONTENT_TYPE,
    XML,
    charset_of,
    content,
    content_bytes,
    decode,
    decode_base64,
    is_content,
    to_text,
    write_json,
)
from adf_lang.types import Value, type_of

# What .NET reads as a number: blanks around, a sign, thousands separators anywhere before the point, an exponent.
NUMBER = re.compile(r"[ \t-\r]*([+-]?)(\d[\d,]*\.?\d*|\.\d+)((?:[eE][+-]?\d+)?)[ \t-\r]*", re.ASCII)
# Only float() takes a sign behind the digits.
SIGN_BEHIND = re.compile(r"[ \t-\r]*(\d[\d,]*\.?\d*|\.\d+)-[ \t-\r]*", re.ASCII)
SPECIAL = {"nan": float("nan"), "∞": float("inf"), "-∞": float("-inf"), "+∞": float("inf")}
DATA_URI = re.compile(r"data:(?P<type>[^;,]*(?:/[^;,]*)?)(?P<parameters>(?:;[^;,]*)*),(?P<data>.*)", re.I | re.S)
UNRESERVED = "-_.~"
JSON_TEXT = "application/json;charset=utf-8"
PLAIN_TEXT = "text/plain;charset=utf-8"


@function("array(value: any) -> array")
def array(value: Value) -> list[Value]:
    """An array with the value as its one item; an array stays as it is.

    >>> array('hello') -> ["hello"]
    """
    return value if isinstance(value, list) else [value]


@function("createArray(item: any, ...more: any) -> array")
def create_array(*items: Value) -> list[Value]:
    """The arguments as an array. There is no empty one: use json('[]').

    >>> createArray('h', 1) -> ["h",1]
    """
    return list(items)


@function("bool(value: any) -> boolean")
def bool_(value: Value) -> bool:
    """The boolean of 'true' or 'false' (in any case) or of a number, where only 0 is false.

    >>> bool('TRUE') -> true
    >>> bool(0) -> false
    """
    if type(value) in (bool, int, float):
        return bool(value)
    if isinstance(value, str) and value.strip(" \t\r\n\0").lower() in ("true", "false"):
        return value.strip(" \t\r\n\0").lower() == "true"
    raise _unfit("bool", value, "'true', 'false' or a number")


@function("int(value: any) -> integer")
def int_(value: Value) -> int:
    """The whole number of a text, a number without fraction or a boolean; it goes through a double, as on the service.

    >>> int('10') -> 10
    >>> int('1,000') -> 1000
    """
    if type(value) in (bool, int, float):
        number = float(value)
    elif isinstance(value, str) and (match := NUMBER.fullmatch(value)):
        number = float(match[1] + match[2].replace(",", "") + match[3])
    else:
        raise _unfit("int", value, "a whole number")
    if not -(2.0**63) <= number < 2.0**63 or number != int(number):
        raise _unfit("int", value, "a whole number of 64 bits")
    return int(number)


@function("float(value: any) -> float")
def float_(value: Value) -> float:
    """The number of a text, a number or a boolean as a float.

    >>> float('10.333') -> 10.333
    >>> float(10) -> 10.0
    """
    if type(value) in (bool, float) or (type(value) is int and value in INTEGERS):
        return float(value)
    if isinstance(value, str):
        if match := NUMBER.fullmatch(value):
            return float(match[1] + match[2].replace(",", "") + match[3])
        if match := SIGN_BEHIND.fullmatch(value):
            return -float(match[1].replace(",", ""))
        if value.strip().lower() in SPECIAL:
            return SPECIAL[value.strip().lower()]
    raise _unfit("float", value, "a number")


@function("string(value: any) -> string")
def string(value: Value) -> str:
    """The value as a text: True for true, empty for null, JSON for an array or object.

    >>> string(10) -> '10'
    >>> string(true) -> 'True'
    """
    return bound_text(to_text(value), "string")


@function("coalesce(value: any, ...more: any) -> any", lazy=True)
def coalesce(*values: Callable[[], Value]) -> Value:
    """The first of the values that is not null; the ones behind it are not evaluated.

    >>> coalesce(null, 'hello', 'world') -> 'hello'
    """
    for lazy in values:
        value = lazy()
        if value is not None:
            return value
    return None


@function("base64(value: string | object | array) -> string")
def base64_(value: Value) -> str:
    """The base64 text of a text (UTF-8), of a binary object, or of the JSON of another object or array.

    >>> base64('hello') -> 'aGVsbG8='
    """
    return str(content(_bytes(value))[CONTENT])


@function("base64ToBinary(value: string) -> object", scoped=True)
def base64_to_binary(scope: Scope, value: str) -> Value:
    """The binary object of a base64 text.

    >>> base64ToBinary('aGVsbG8=') -> {"$content-type":"application/octet-stream","$content":"aGVsbG8="}
    """
    return _binary(scope, decode_base64(value))


@function("base64ToString(value: string) -> string")
def base64_to_string(value: str) -> str:
    """The text (UTF-8) of a base64 text.

    >>> base64ToString('aGVsbG8=') -> 'hello'
    """
    return decode_base64(value).decode("utf-8", "replace")


@function("decodeBase64(value: string) -> string")
def decode_base64_(value: str) -> str:
    """The text (UTF-8) of a base64 text: `base64ToString` by another name.

    >>> decodeBase64('aGVsbG8=') -> 'hello'
    """
    return base64_to_string(value)


@function("binary(value: any) -> object", scoped=True)
def binary(scope: Scope, value: Value) -> Value:
    """The binary object of a text.

    >>> binary('hello') -> {"$content-type":"application/octet-stream","$content":"aGVsbG8="}
    """
    if value is None:
        raise _unfit("binary", value, "a text, a number, a boolean, an array or an object")
    return _binary(scope, _bytes(value))


@function("dataUri(value: any) -> string")
def data_uri(value: Value) -> str:
    """The data URI of a value, with its content type.

    >>> dataUri('hello') -> 'data:text/plain;charset=utf-8;base64,aGVsbG8='
    """
    if value is None:
        raise _unfit("dataUri", value, "a text, a number, a boolean, an array or an object")
    content_type = PLAIN_TEXT if isinstance(value, str) else JSON_TEXT
    if is_content(value):
        content_type = value[CONTENT_TYPE]
    return f"data:{content_type};base64,{base64_(value if isinstance(value, dict) else to_text(value))}"


@function("dataUriToBinary(value: string) -> object", scoped=True)
def data_uri_to_binary(scope: Scope, value: str) -> Value:
    """The binary object of a data URI, with its content type.

    >>> dataUriToBinary('data:,hello') -> {"$content-type":"text/plain","$content":"aGVsbG8="}
    """
    content_type, encoded, data = _split_uri("dataUriToBinary", value)
    if encoded and not scope.choices.binary_as_digits:
        # Whether it is base64 is not looked at before the content is read.
        return {CONTENT_TYPE: content_type, CONTENT: data}
    read = decode_base64(data) if encoded else unquote_to_bytes(data)
    return _digits(read) if scope.choices.binary_as_digits else content(read, content_type)


@function("dataUriToString(value: string) -> string")
def data_uri_to_string(value: str) -> str:
    """The text of a data URI.

    >>> dataUriToString('data:text/plain;charset=utf-8;base64,aGVsbG8=') -> 'hello'
    """
    content_type, data = _open_uri("dataUriToString", value)
    return decode(data, content_type)


@function("decodeDataUri(value: string) -> any")
def decode_data_uri(value: str) -> Value:
    """The text of a data URI of text (US-ASCII where it names no charset), the binary object of another one.

    >>> decodeDataUri('data:text/plain;charset=utf-8;base64,aGVsbG8=') -> 'hello'
    """
    content_type, data = _open_uri("decodeDataUri", value)
    if not charset_of(content_type):
        content_type += ";charset=us-ascii"
    return decode(data, content_type) if content_type.lower().startswith("text/") else content(data, content_type)


@function("uriComponent(value: any, ...more: any) -> string")
def uri_component(*values: Value) -> str:
    """The text with everything escaped that cannot stand in a part of a URI.

    >>> uriComponent('https://contoso.com') -> 'https%3A%2F%2Fcontoso.com'
    """
    text = "".join(to_text(value) for value in values)
    return bound_text(quote(text, safe=UNRESERVED, errors="replace"), "uriComponent")


@function("encodeUriComponent(value: any, ...more: any) -> string")
def encode_uri_component(*values: Value) -> str:
    """The text with everything escaped that cannot stand in a part of a URI: `uriComponent` by another name.

    >>> encodeUriComponent('a b') -> 'a%20b'
    """
    return uri_component(*values)


@function("uriComponentToString(value: string) -> string")
def uri_component_to_string(value: str) -> str:
    """The text without escapes; `+` is a blank.

    >>> uriComponentToString('https%3A%2F%2Fcontoso.com') -> 'https://contoso.com'
    """
    return unquote_plus(value)


@function("decodeUriComponent(value: string) -> string")
def decode_uri_component(value: str) -> str:
    """The text without escapes: `uriComponentToString` by another name.

    >>> decodeUriComponent('a%20b') -> 'a b'
    """
    return unquote_plus(value)


@function("uriComponentToBinary(value: string) -> object", scoped=True)
def uri_component_to_binary(scope: Scope, value: str) -> Value:
    """The binary object of a text with escapes.

    >>> uriComponentToBinary('a%20b') -> {"$content-type":"application/octet-stream","$content":"YSBi"}
    """
    return _binary(scope, unquote_to_bytes(value.replace("+", " ")))


@function("json(value: string | object) -> any")
def json(value: Value) -> Value:
    """The value that a JSON text describes, or the object of an XML one; null of an empty text.

    >>> json('{"a": [1, 2]}') -> {"a":[1,2]}
    >>> json(xml('<a><b>1</b></a>')) -> {"a":{"b":"1"}}
    """
    if isinstance(value, dict):
        if not is_content(value):
            raise RefusalError("json takes a text or XML, not Object", argument=0)
        if _is_xml(value):
            from adf_lang import xml_values

            return xml_values.to_json(decode(content_bytes(value), value[CONTENT_TYPE]))
        value = to_text(value)
    try:
        return read_json(value)
    except JsonError as error:
        raise RefusalError(f"json cannot read this text: {error}", argument=0) from error


@function("xml(value: string | object) -> object")
def xml(value: Value) -> Value:
    """The XML document of a text, or of an object with one member.

    >>> string(xml('<a><b>1</b></a>')) -> '<a><b>1</b></a>'
    """
    from adf_lang import xml_values

    if is_content(value):
        return content(content_bytes(value), XML)
    if isinstance(value, str):
        return content(xml_values.normalize(value).encode(), XML)
    return content(xml_values.from_json(value).encode(), XML)


@function("xpath(xml: object, xpath: string) -> any")
def xpath(xml: Value, xpath: str) -> Value:
    """What an XPath 1.0 expression finds in an XML document: an array of nodes, or one number, text or boolean.

    >>> xpath(xml('<a><b>1</b><b>2</b></a>'), 'count(/a/b)') -> 2.0
    >>> xpath(xml('<a><b>1</b><b>2</b></a>'), '/a/b/text()') -> ["1","2"]
    """
    from adf_lang import xml_values

    if not is_content(xml) or not _is_xml(xml):
        raise RefusalError("xpath looks into an XML document: use xml()", argument=0)
    found = xml_values.select(decode(content_bytes(xml), xml[CONTENT_TYPE]), xpath)
    if isinstance(found, list):
        return [content(item.encode(), XML) if markup else item for markup, item in found]
    return found


def _is_xml(value: dict[str, Value]) -> bool:
    return str(value[CONTENT_TYPE]).partition(";")[0].strip().lower() == "application/xml"


def _bytes(value: Value) -> bytes:
    if is_content(value):
        return content_bytes(value)
    text = write_json(value) if isinstance(value, dict | list) else to_text(value)
    return text.encode("utf-8", "replace")


def _binary(scope: Scope, data: bytes) -> Value:
    return _digits(data) if scope.choices.binary_as_digits else content(data, BINARY)


def _digits(data: bytes) -> str:
    return "".join(f"{byte:08b}" for byte in data)


def _open_uri(name: str, uri: str) -> tuple[str, bytes]:
    content_type, encoded, data = _split_uri(name, uri)
    return content_type, decode_base64(data) if encoded else unquote_to_bytes(data)


def _split_uri(name: str, uri: str) -> tuple[str, bool, str]:
    """Content type, whether the data is base64, data."""
    match = DATA_URI.fullmatch(uri)
    if not match:
        raise RefusalError(f"{name} takes a data URI, data:[<type>][;base64],<data>", argument=0)
    media = match["type"].strip()
    parameters = [part.strip() for part in match["parameters"].split(";") if part.strip()]
    encoded = bool(parameters) and parameters[-1].lower() == "base64"
    if encoded:
        parameters.pop()
    if media.lower() == "base64" and not parameters:
        media, encoded = "", True
    content_type = ";".join((media or "text/plain", *parameters))
    return content_type, encoded, match["data"]


def _unfit(name: str, value: Value, wanted: str) -> RefusalError:
    shown = f"'{value[:40]}'" if isinstance(value, str) else str(type_of(value))
    return RefusalError(f"{name} needs {wanted}, not {shown}", argument=0)
