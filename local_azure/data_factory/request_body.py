"""Reads the body of a request into JSON, and refuses what is too large or no JSON with the place where it is not."""

import json
import math
from typing import Any, NoReturn

from starlette.requests import Request

from local_azure.data_factory.refusals import bad_content, too_large

Json = Any
MAX_BYTES = 4 * 1024 * 1024
# Data Factory's own documents have some 15 levels; what walks over a document may recurse.
MAX_DEPTH = 100


async def read_body(request: Request) -> Json:
    """The JSON of a body, None when it is empty.

    Raises:
        ArmError: it is larger than 4 MB, no JSON, or JSON with what no answer could say again.
    """
    if int(request.headers.get("content-length") or 0) > MAX_BYTES:
        raise too_large(MAX_BYTES)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BYTES:
            raise too_large(MAX_BYTES)
    return parse(bytes(data))


def parse(data: bytes) -> Json:
    """The JSON of a text in UTF-8, None for an empty one."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise bad_content(f"byte {error.start} is not UTF-8") from error
    if not text.strip():
        return None
    try:
        document = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
    except json.JSONDecodeError as error:
        raise bad_content(f"{error.msg}, line {error.lineno}, position {error.colno}") from error
    except RecursionError as error:
        raise bad_content(f"it is nested more than {MAX_DEPTH} levels deep") from error
    except ValueError as error:
        # An integer with thousands of digits.
        raise bad_content(str(error)) from error
    _check_depth(document)
    if "\\u" in text:
        _check_texts(document)
    return document


def _no_constant(name: str) -> NoReturn:
    raise bad_content(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise bad_content(f"the number {text[:40]} is too large")
    return number


def _check_depth(document: Json) -> None:
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return
    raise bad_content(f"it is nested more than {MAX_DEPTH} levels deep")


def _check_texts(document: Json) -> None:
    """Half a character, such as "\\ud800" alone, can be written as JSON and as nothing else."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise bad_content("it holds half of a surrogate pair, which is no character") from error
