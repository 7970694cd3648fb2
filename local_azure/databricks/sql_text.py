"""Splits the text of a %sql cell into statements and finds its named parameters."""

import re
from collections.abc import Iterator

# Strings and comments, where ; and : mean nothing; then what is looked for.
TOKEN = re.compile(
    r"""
      (?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<end>;)
    | (?P<cast>::)
    | :(?P<name>[A-Za-z_]\w*)
    """,
    re.VERBOSE | re.DOTALL,
)
USE_CATALOG = re.compile(r"\s*USE\s+CATALOG\s+(?P<quote>[`'\"]?)(?P<name>\w+)(?P=quote)\s*;?\s*", re.IGNORECASE)


def split_statements(text: str) -> Iterator[str]:
    """The statements of a cell without their semicolons.

    >>> list(split_statements("SELECT ';' -- one; two\\n; SELECT 2;"))
    ["SELECT ';' -- one; two\\n", ' SELECT 2']
    """
    start = 0
    for match in TOKEN.finditer(text):
        if match["end"]:
            yield from _meaningful(text[start : match.start()])
            start = match.end()
    yield from _meaningful(text[start:])


def databricks_sql(statement: str) -> str:
    """The same statement in open Spark's words, where Databricks has one more.

    >>> databricks_sql("use catalog crypto")
    "SET CATALOG 'crypto'"
    """
    match = USE_CATALOG.fullmatch(statement)
    return f"SET CATALOG '{match['name']}'" if match else statement


def named_parameters(statement: str) -> set[str]:
    """The names behind a colon.

    >>> named_parameters("SELECT :day, ':no', a::INT")
    {'day'}
    """
    return {match["name"] for match in TOKEN.finditer(statement) if match["name"]}


def _meaningful(statement: str) -> Iterator[str]:
    bare = TOKEN.sub(lambda match: "" if match["comment"] else match[0], statement)
    if bare.strip():
        yield statement
