"""String functions; lengths and places count UTF-16 units, as .NET does."""

import unicodedata
from functools import lru_cache

from adf_lang.registry import RefusalError, function
from adf_lang.scope import Scope
from adf_lang.text import MAX_ITEMS, MAX_TEXT, to_text
from adf_lang.types import Value
from adf_lang.values import int32

GUID_FORMATS = "N, D, B, P, X"
# What .NET's Trim takes for white space and Python's does not, and the other way round.
NOT_TRIMMED = "\x1c\x1d\x1e\x1f"


def bound_text(text: str, name: str) -> str:
    """The text, unless it is longer than any Data Factory can hold."""
    if len(text) > MAX_TEXT:
        raise RefusalError(f"the result of {name} has {len(text):,} characters, more than {MAX_TEXT:,}")
    return text


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    folded = character.upper()
    return folded if len(folded) == 1 and unicodedata.category(character) != "Lo" else character


def fold(text: str) -> str:
    """The text for comparison without case, as long as before."""
    return text.upper() if text.isascii() else "".join(map(_fold, text))


def units(text: str) -> int:
    """The number of UTF-16 units."""
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def cut(text: str, start: int, end: int | None = None) -> str:
    """A slice by UTF-16 units; half a character becomes U+FFFD."""
    if text.isascii() or max(text) <= "\uffff":
        return text[start:end]
    data = text.encode("utf-16-le", "surrogatepass")
    return data[2 * start : None if end is None else 2 * end].decode("utf-16-le", "replace")


@function("concat(text: any, ...more: any) -> string")
def concat(*texts: Value) -> str:
    """The arguments as one text, each as `string()` writes it.

    >>> concat('Answer: ', 42, ' ', true) -> 'Answer: 42 True'
    """
    return bound_text("".join([text if type(text) is str else to_text(text) for text in texts]), "concat")


@function("endsWith(text: string, searchText: string) -> boolean")
def ends_with(text: str, search_text: str) -> bool:
    """Whether the text ends with the other, without regard to case.

    >>> endsWith('hello world', 'World') -> true
    """
    return fold(text).endswith(fold(search_text))


@function("startsWith(text: string, searchText: string) -> boolean")
def starts_with(text: str, search_text: str) -> bool:
    """Whether the text begins with the other, without regard to case.

    >>> startsWith('hello world', 'HELLO') -> true
    """
    return fold(text).startswith(fold(search_text))


@function("indexOf(text: string, searchText: string) -> integer")
def index_of(text: str, search_text: str) -> int:
    """Where the other text first stands, from 0, without regard to case; -1 where it does not.

    >>> indexOf('hello world', 'World') -> 6
    """
    return _place(text, fold(text).find(fold(search_text)))


@function("lastIndexOf(text: string, searchText: string) -> integer")
def last_index_of(text: str, search_text: str) -> int:
    """Where the other text last stands, from 0, without regard to case; -1 where it does not.

    >>> lastIndexOf('hello world hello world', 'world') -> 18
    """
    if not search_text:
        # .NET before version 5, the service's among them, finds the empty text at the last character, not behind it.
        return max(0, units(text) - 1)
    return _place(text, fold(text).rfind(fold(search_text)))


def _place(text: str, found: int) -> int:
    return found if found <= 0 else units(text[:found])


@function("guid(format?: string) -> string", scoped=True)
def guid(scope: Scope, format: str = "D") -> str:
    """A new random GUID; the format is N, D (default), B, P or X.

    >>> length(guid('N')) -> 32
    """
    value = scope.new_uuid()
    text = str(value)
    if format == "X":
        eight = ",".join(f"0x{part:02x}" for part in value.bytes[8:])
        return f"{{0x{text[:8]},0x{text[9:13]},0x{text[14:18]},{{{eight}}}}}"
    formats = {"D": text, "N": value.hex, "B": f"{{{text}}}", "P": f"({text})"}
    if format not in formats:
        raise RefusalError(f"guid has no format '{format}': there are {GUID_FORMATS}", argument=0)
    return formats[format]


@function("replace(text: string, oldText: string, newText: string) -> string")
def replace(text: str, old_text: str, new_text: str) -> str:
    """The text with every occurrence of the second, by case, replaced by the third.

    >>> replace('the old string', 'old', 'new') -> 'the new string'
    """
    if not text:
        return text
    if not old_text:
        raise RefusalError("replace cannot look for an empty text", argument=1)
    if len(text) + text.count(old_text) * (len(new_text) - len(old_text)) > MAX_TEXT:
        raise RefusalError(f"the result of replace would be longer than {MAX_TEXT:,} characters")
    return text.replace(old_text, new_text)


@function("split(text: string, delimiter: string) -> array")
def split(text: str, delimiter: str) -> list[Value]:
    """The parts of the text between the delimiters; the whole text where the delimiter is empty.

    >>> split('a;b;c', ';') -> ["a","b","c"]
    """
    if delimiter and text.count(delimiter) >= MAX_ITEMS:
        raise RefusalError(f"the result of split would have more than {MAX_ITEMS:,} items")
    return list(text.split(delimiter)) if delimiter else [text]


@function("substring(text: string, startIndex: integer, length?: integer) -> string")
def substring(text: str, start_index: int, length: int | None = None) -> str:
    """So many characters from a place on, the first being 0; to the end where no length is given.

    >>> substring('hello world', 6, 5) -> 'world'
    """
    whole = units(text)
    start_index = int32(start_index)
    if not 0 <= start_index < whole:
        raise RefusalError(
            f"'startIndex' of substring is {start_index}, but the text has {whole} characters", argument=1
        )
    if length is None:
        return cut(text, start_index)
    length = int32(length)
    if length < 0 or start_index + length > whole:
        raise RefusalError(
            f"substring wants {length} characters from {start_index} on, but the text has {whole} characters",
            argument=2,
        )
    return cut(text, start_index, start_index + length)


@function("toLower(text: string) -> string")
def to_lower(text: str) -> str:
    """The text in small letters.

    >>> toLower('Hello') -> 'hello'
    """
    return text.lower() if text.isascii() else "".join(_one(character, character.lower()) for character in text)


@function("toUpper(text: string) -> string")
def to_upper(text: str) -> str:
    """The text in capital letters.

    >>> toUpper('Hello') -> 'HELLO'
    """
    return text.upper() if text.isascii() else "".join(_one(character, character.upper()) for character in text)


def _one(character: str, changed: str) -> str:
    """.NET changes character by character: what would become two stays."""
    return changed if len(changed) == 1 else character


@function("trim(text: string) -> string")
def trim(text: str) -> str:
    """The text without white space at its ends.

    >>> trim('  hello  ') -> 'hello'
    """
    start, end = 0, len(text)
    while start < end and text[start].isspace() and text[start] not in NOT_TRIMMED:
        start += 1
    while end > start and text[end - 1].isspace() and text[end - 1] not in NOT_TRIMMED:
        end -= 1
    return text[start:end]
