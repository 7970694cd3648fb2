"""Reads `Name=value;Name=value`, as storage accounts and databases are addressed."""

from local_azure.data_factory.linked_services.reader import Reader


def read_connection_string(text: str, reader: Reader, name: str) -> dict[str, str]:
    """The parts by name in small letters; an error never quotes the text, which holds secrets."""
    found: dict[str, str] = {}
    for number, part in enumerate(_split(text), start=1):
        key, mark, value = part.partition("=")
        if not mark or not key.strip():
            reader.fail(name, f"is not a connection string: its part {number} is not of the form Name=value")
        found[key.strip().lower()] = _unquoted(value.strip())
    return found


def _split(text: str) -> list[str]:
    """At semicolons that are not inside quotes."""
    parts, quote, start = [], "", 0
    for place, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "\"'" and text[start:place].rstrip().endswith("="):
            quote = letter
        elif letter == ";":
            parts.append(text[start:place])
            start = place + 1
    return [part for part in [*parts, text[start:]] if part.strip()]


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value
