"""Makes the relative paths of an XPath expression absolute.

On the service an expression is evaluated at the document, where `a` means `/a`. lxml evaluates it at the root element.
Only paths outside of predicates are changed: inside `[...]` a path is relative to the node before the bracket.
"""

import re

TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |(?P<literal>"[^"]*"|'[^']*'|\d+(?:\.\d*)?|\.\d+)
    |(?P<variable>\$[\w.:-]+)
    |(?P<axis>[\w-]+\s*::)
    |(?P<name>[^\W\d][\w.-]*(?::[^\W\d][\w.-]*|:\*)?)
    |(?P<step>\.\.|\.|@|\*)
    |(?P<operator>//?|!=|<=|>=|[|+\-=<>()\[\],])""",
    re.VERBOSE,
)
NODE_TYPES = ("text", "node", "comment", "processing-instruction")
OPERATOR_NAMES = ("and", "or", "div", "mod")
# Behind these an operand stands; behind anything else an operator does.
OPENING = ("(", "[", ",", "|", "+", "-", "=", "!=", "<", "<=", ">", ">=")


def make_absolute(path: str) -> str:
    """The expression with `/` before every relative path that stands outside of predicates.

    >>> make_absolute("count(a/b) + c[d = 1]")
    'count(/a/b) + /c[d = 1]'
    """
    pieces: list[str] = []
    predicates = 0
    operand = True  # whether an operand is expected here
    within = False  # whether this continues a path
    for match in _tokens(path):
        kind, word = match.lastgroup, match[0]
        starts = kind in ("axis", "name", "step") and operand and not _is_call(path, match)
        if starts and not within and not predicates:
            pieces.append("/")
        pieces.append(word)
        if kind == "blank":
            continue
        predicates += (word == "[") - (word == "]")
        within = word in ("/", "//", "@") or kind == "axis"
        operator_name = kind == "name" and not operand
        if operator_name and word not in OPERATOR_NAMES:
            raise ValueError(f"'{word}' stands where an operator is expected")
        operand = word in OPENING or within or operator_name
    return "".join(pieces)


def _is_call(path: str, match: "re.Match[str]") -> bool:
    called = path[match.end() :].lstrip().startswith("(")
    return match.lastgroup == "name" and called and match[0] not in NODE_TYPES


def _tokens(path: str) -> "list[re.Match[str]]":
    found: list[re.Match[str]] = []
    position = 0
    while position < len(path):
        match = TOKEN.match(path, position)
        if match is None:
            raise ValueError(f"{path[position]!r} is not part of XPath")
        found.append(match)
        position = match.end()
    return found
