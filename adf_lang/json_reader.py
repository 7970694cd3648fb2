"""Reads JSON as `json()` does: the standard and what .NET's reader (Newtonsoft) takes besides.

Besides the standard: texts in single quotes, names without quotes, comments, a comma behind the last member, raw
control characters in texts, numbers like `.5`, `5.`, `0x1F` and `010` (octal), NaN and Infinity, and anything behind
the first value, which is passed over. Not taken, though that reader does: constructors, `undefined` and empty array
members, which have no value in the language.
"""

import json
import re
from typing import Any

from adf_lang.types import Value

# Nested deeper than this is refused, before Python's own limit is met.
MAX_DEPTH = 200

BLANK = re.compile(r"(?:[\s\x00]+|//[^\r\n]*|/\*.*?\*/)+", re.DOTALL)
NAME = re.compile(r"[\w$]+")
# A number ends before a blank, a bracket, a comma or a comment; with anything else in it, it is none.
NUMBER = re.compile(r"[^\s,\]}/]+")
DECIMAL = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
INTEGER = re.compile(r"-?(?:0|[1-9]\d*)")
HEXADECIMAL = re.compile(r"0[xX][0-9a-fA-F]{1,16}")
OCTAL = re.compile(r"0[0-7]+")
ESCAPES = {'"': '"', "'": "'", "/": "/", "\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
WORDS: dict[str, Value] = {
    "null": None,
    "true": True,
    "false": False,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "-Infinity": float("-inf"),
}


class JsonError(ValueError):
    """Not JSON: what was met, with its line and column."""


def read_json(text: str) -> Value:
    """Reads the first value of the text; null where there is none.

    Raises:
        JsonError: with the line and the column of what is wrong.
    """
    if text.count("{") + text.count("[") <= MAX_DEPTH:
        try:
            return json.loads(text)
        except ValueError:
            # The standard reader is fast and strict; what it refuses is looked at again by the one that knows more.
            return _Reader(text).read()
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.depth = 0

    def read(self) -> Value:
        self._skip()
        return None if self.position >= len(self.text) else self._value()

    def _value(self) -> Value:
        self._skip()
        mark = self.text[self.position : self.position + 1]
        if mark == "{":
            return self._object()
        if mark == "[":
            return self._array()
        if mark and mark in "\"'":
            return self._string(mark)
        if mark and mark in "0123456789-.":
            return self._number()
        word = NAME.match(self.text, self.position)
        if word and word[0] in WORDS:
            self.position = word.end()
            return WORDS[word[0]]
        raise self._unexpected("a value")

    def _object(self) -> dict[str, Value]:
        self._enter()
        members: dict[str, Any] = {}
        while True:
            self._skip()
            if self._take("}"):
                break
            name = self._name()
            self._skip()
            if not self._take(":"):
                raise self._unexpected("':' after the name")
            members[name] = self._value()
            self._skip()
            if not self._take(",") and self.text[self.position : self.position + 1] != "}":
                raise self._unexpected("',' or '}'")
        self.depth -= 1
        return members

    def _array(self) -> list[Value]:
        self._enter()
        items: list[Any] = []
        while True:
            self._skip()
            if self._take("]"):
                break
            items.append(self._value())
            self._skip()
            if not self._take(",") and self.text[self.position : self.position + 1] != "]":
                raise self._unexpected("',' or ']'")
        self.depth -= 1
        return items

    def _name(self) -> str:
        mark = self.text[self.position : self.position + 1]
        if mark and mark in "\"'":
            return self._string(mark)
        word = NAME.match(self.text, self.position)
        if not word:
            raise self._unexpected("a name")
        self.position = word.end()
        return word[0]

    def _string(self, mark: str) -> str:
        start = self.position
        self.position += 1
        pieces: list[str] = []
        while True:
            quote = self.text.find(mark, self.position)
            slash = self.text.find("\\", self.position, quote if quote >= 0 else None)
            if quote < 0:
                self.position = start
                raise self._unexpected("a closing quote")
            if slash < 0:
                pieces.append(self.text[self.position : quote])
                self.position = quote + 1
                return _join_surrogates("".join(pieces))
            pieces.append(self.text[self.position : slash])
            pieces.append(self._escape(slash))

    def _escape(self, slash: int) -> str:
        self.position = slash
        letter = self.text[slash + 1 : slash + 2]
        if letter in ESCAPES:
            self.position = slash + 2
            return ESCAPES[letter]
        digits = self.text[slash + 2 : slash + 6]
        if letter == "u" and re.fullmatch(r"[0-9a-fA-F]{4}", digits):
            self.position = slash + 6
            return chr(int(digits, 16))
        raise self._unexpected("an escape (\\\" \\' \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX)")

    def _number(self) -> Value:
        match = NUMBER.match(self.text, self.position)
        word = match[0] if match else ""
        found: Value
        if word in WORDS:
            found = WORDS[word]
        elif INTEGER.fullmatch(word):
            if len(word) > 1000:
                raise self._unexpected("a number of at most 1,000 digits")
            found = int(word)
        elif OCTAL.fullmatch(word):
            found = int(word, 8)
        elif HEXADECIMAL.fullmatch(word):
            found = int(word, 16)
        elif DECIMAL.fullmatch(word) and not re.match(r"-?0\d", word):
            found = float(word)
        else:
            raise self._unexpected("a number")
        self.position += len(word)
        return found

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self._unexpected(f"at most {MAX_DEPTH} levels")
        self.position += 1

    def _skip(self) -> None:
        blank = BLANK.match(self.text, self.position)
        if blank:
            self.position = blank.end()

    def _take(self, mark: str) -> bool:
        if self.text.startswith(mark, self.position):
            self.position += 1
            return True
        return False

    def _unexpected(self, expected: str) -> JsonError:
        line = self.text.count("\n", 0, self.position) + 1
        column = self.position - self.text.rfind("\n", 0, self.position)
        met = repr(self.text[self.position]) if self.position < len(self.text) else "the end"
        return JsonError(f"expected {expected}, met {met} at line {line}, column {column}")


def _join_surrogates(text: str) -> str:
    """Two escapes may make one character; half of one becomes U+FFFD."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
