"""Puts parameters into SQL: @name, outside of texts, names and comments, becomes a placeholder of psycopg."""

import re
from collections.abc import Collection, Iterator

# What is passed over whole: texts, E'' texts with backslashes, names in quotes, dollar quotes, comments.
_TOKEN = re.compile(
    r"""(?P<skip>
        [eE]'(?:[^'\\]|\\.|'')*'
        | '(?:[^']|'')*'
        | "(?:[^"]|"")*"
        | \$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?(tag)(?P=tag))\$
        | --[^\n]*
    )
    | (?P<comment>/\*)
    | (?<![\w@])[@](?P<name>[A-Za-z_]\w*)
    | (?P<percent>%)
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*|\*/")


def with_placeholders(text: str, names: Collection[str]) -> str:
    """The statement with %(name)s for each declared @name, whatever its case, and %% for %.

    >>> with_placeholders("select @Day, '@day', 5 % 2", ["day"])
    "select %(day)s, '@day', 5 %% 2"
    """
    return "".join(_pieces(text, {name.lower(): name for name in names}))


def _pieces(text: str, names: dict[str, str]) -> Iterator[str]:
    at = 0
    while match := _TOKEN.search(text, at):
        yield text[at : match.start()]
        at = match.end()
        if match["comment"]:
            at = _end_of_comment(text, at)
            yield text[match.start() : at].replace("%", "%%")
        elif match["name"] and match["name"].lower() in names:
            yield f"%({names[match['name'].lower()]})s"
        else:
            yield match[0].replace("%", "%%")
    yield text[at:]


def _end_of_comment(text: str, at: int) -> int:
    """Comments of PostgreSQL may stand in one another."""
    depth = 1
    while depth and (mark := _COMMENT.search(text, at)):
        depth += 1 if mark[0] == "/*" else -1
        at = mark.end()
    return len(text) if depth else at
