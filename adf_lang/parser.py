"""Reads the text of a JSON string as Data Factory does: literal, expression (`@...`) or interpolation (`...@{...}...`).

Stages: the text is split into literal pieces and expressions, each expression into tokens, the tokens into nodes.
Nothing is evaluated, and names are not looked up: an unknown function in a branch that is not taken is no error.

The rules of the split, measured on Microsoft's engine: a text that begins with `@@` is literal from its second `@` on,
whatever follows; one that begins with `@` but not `@{` is one expression; elsewhere `@{` begins an expression unless
another `@` stands before it, which is then dropped. A lone `@` is literal.
"""

import re

from adf_lang import nodes
from adf_lang.errors import ParseError
from adf_lang.nodes import CONSTANTS, Call, Index, Interpolation, Literal, Node, Property, Span, Text
from adf_lang.registry import FUNCTIONS

# Data Factory's limit for the characters of an expression (limits table of the service).
MAX_LENGTH = 8192
# Ours: calls and brackets within each other. Real expressions stay below 20.
MAX_NESTING = 100

# Every character belongs to a token: one that cannot begin any is "strange".
TOKEN = re.compile(
    r"""\s*(?:(?P<name>(?:[^\W\d]|\$)[\w$\u0300-\u036f]*)
    |(?P<mark>[()\[\].,?])
    |(?P<string>'(?:[^']|'')*')
    |(?P<number>[+-]?\d[\d.]*(?:[eE][+-]?\d*)?)
    |(?P<strange>\S))""",
    re.VERBOSE,
)
NUMBER = re.compile(r"[+-]?\d+(?P<float>\.\d*)?(?P<exponent>[eE][+-]?\d+)?")
# What the reader was at, for messages: kind of token -> its name.
KINDS = {"string": "text", "number": "number", "name": "name", "mark": "", "end": "the end"}


class Token:
    """One word of an expression."""

    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, kind: str, text: str, start: int, end: int) -> None:
        # "name", "number", "string", "end", or the mark itself.
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end


def parse(text: str) -> Node:
    """Reads a JSON string of Data Factory.

    >>> parse("@concat('a', item().name)")
    Call(name='concat', arguments=(Literal(value='a'), Property(target=Call(name='item', ...

    Raises:
        ParseError: not an expression of the language, or longer or deeper than the bounds.
    """
    if not text.startswith("@") or text == "@":
        return _read_mixed(text) if "@{" in text else Text(value=text, span=Span(0, len(text)))
    if text.startswith("@@"):
        return Text(value=text[1:], span=Span(0, len(text)))
    if text.startswith("@{"):
        return _read_mixed(text)
    return _Reader(text, 1, _bounded(text)).read_whole()


def _bounded(text: str) -> int:
    if len(text) > MAX_LENGTH:
        raise ParseError(
            f"the expression has {len(text):,} characters, Data Factory allows {MAX_LENGTH:,}",
            expression=text,
            start=MAX_LENGTH,
            end=len(text),
            hint="move a part of it to a variable or a parameter",
        )
    return len(text)


def _read_mixed(text: str) -> Node:
    parts: list[str | Node] = []
    position = 0
    while True:
        found = text.find("@{", position)
        if found < 0:
            break
        if found and text[found - 1] == "@":
            # `@@{` stands for `@{`: the `{` ends the piece, so that it is not found again.
            parts.append(text[position : found - 1] + "@{")
            position = found + 2
            continue
        _bounded(text)
        parts.append(text[position:found])
        inner, position = _Reader(text, found + 2, len(text), opened=found).read_braced()
        parts.append(inner)
    parts.append(text[position:])
    span = Span(0, len(text))
    if all(isinstance(part, str) for part in parts):
        return Text(value="".join(part for part in parts if isinstance(part, str)), span=span)
    merged: list[str | Node] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return Interpolation(parts=tuple(merged), span=span)


class _Reader:
    """Reads one expression of a text, token by token."""

    def __init__(self, text: str, start: int, end: int, opened: int | None = None) -> None:
        self.text = text
        self.position = start
        self.end = end
        # Where the `@{` of an interpolation stands; None: the expression is the whole text.
        self.opened = opened
        self.depth = 0
        self.token = self._next()

    def read_whole(self) -> Node:
        node = self._expression()
        if self.token.kind != "end":
            raise self._unexpected("the end of the expression", hint=self._hint_behind(node))
        return node

    def read_braced(self) -> tuple[Node, int]:
        node = self._expression()
        if self.token.kind != "}":
            raise self._unexpected("'}'", hint=self._hint_behind(node))
        return node, self.token.end

    def _expression(self) -> Node:
        token = self.token
        if token.kind == "name":
            if token.text.lower() in CONSTANTS:
                self.token = self._next()
                return Literal(value=CONSTANTS[token.text.lower()], span=Span(token.start, token.end))
            return self._selections(self._call())
        if token.kind == "string":
            self.token = self._next()
            value = token.text[1:-1].replace("''", "'")
            return Literal(value=value, span=Span(token.start, token.end))
        if token.kind == "number":
            self.token = self._next()
            return Literal(value=self._number(token), span=Span(token.start, token.end))
        raise self._unexpected(
            "a function, a text in single quotes, a number, true, false or null", hint=self._hint_at(token)
        )

    def _call(self) -> Call:
        name = self.token
        self.token = self._next()
        if self.token.kind != "(":
            raise self._unexpected(f"'(' after '{name.text}'", hint=_hint_for_name(name.text))
        self._enter()
        arguments: list[Node] = []
        if self.token.kind != ")":
            arguments.append(self._expression())
            while self.token.kind == ",":
                self.token = self._next()
                arguments.append(self._expression())
        if self.token.kind != ")":
            raise self._unexpected(f"',' or ')' in the arguments of '{name.text}'")
        end = self.token.end
        self._leave()
        return Call(name=canonical_name(name.text), arguments=tuple(arguments), span=Span(name.start, end))

    def _selections(self, node: Node) -> Node:
        start = node.span.start if node.span else 0
        while self.token.kind in (".", "[", "?"):
            safe = self.token.kind == "?"
            if safe:
                self.token = self._next()
            if self.token.kind == ".":
                self.token = self._next()
                if self.token.kind != "name":
                    raise self._unexpected("a property's name after '.'")
                node = Property(target=node, name=self.token.text, safe=safe, span=Span(start, self.token.end))
                self.token = self._next()
            elif self.token.kind == "[":
                self._enter()
                index = self._expression()
                if self.token.kind != "]":
                    raise self._unexpected("']'")
                end = self.token.end
                self._leave()
                node = Index(target=node, index=index, safe=safe, span=Span(start, end))
            else:
                raise self._unexpected("'.' or '[' after '?'")
        return node

    def _enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self._error(f"the expression is nested more than {MAX_NESTING} levels deep", self.token)
        self.token = self._next()

    def _leave(self) -> None:
        self.depth -= 1
        self.token = self._next()

    def _number(self, token: Token) -> int | float:
        match = NUMBER.fullmatch(token.text)
        if not match:
            raise self._error(f"'{token.text}' is not a number", token)
        if match["float"] is not None or match["exponent"] is not None:
            value = float(token.text)
            if value - value != 0:
                raise self._error(f"{token.text} is beyond the range of a float", token)
            return value
        if len(token.text) > 25 or int(token.text) not in nodes.INTEGERS:
            raise self._error(
                f"{token.text} does not fit into a 64-bit integer", token, hint="write it as a float: add '.0'"
            )
        return int(token.text)

    def _next(self) -> Token:
        match = TOKEN.match(self.text, self.position, self.end)
        if match is None:
            self.position = self.end
            return Token("end", "", self.end, self.end)
        kind = match.lastgroup or ""
        start, self.position = match.span(kind)
        word = match[kind]
        if kind == "mark":
            return Token(word, word, start, self.position)
        if kind == "strange":
            if self.opened is not None and word == "}":
                return Token(word, word, start, self.position)
            raise self._strange(start)
        return Token(kind, word, start, self.position)

    def _strange(self, start: int) -> ParseError:
        character = self.text[start]
        token = Token("strange", character, start, start + 1)
        if character == "'":
            unclosed = Token("strange", self.text[start:], start, self.end)
            return self._error(
                "the text that begins here has no closing quote", unclosed, hint="a quote inside it is doubled: ''"
            )
        hints = {
            "-": "there are no operators: use sub(a, b); a name with a dash is read by brackets: ['a-b']",
            "+": "there are no operators: use add(a, b) or concat(a, b)",
            '"': "texts stand in single quotes: 'text'",
            "@": "inside an expression functions are called without '@'",
            "{": "there are no object literals: use json('{...}')",
        }
        return self._error(f"{character!r} is not part of the language", token, hint=hints.get(character))

    def _unexpected(self, expected: str, *, hint: str | None = None) -> ParseError:
        token = self.token
        if token.kind == "end" and self.opened is not None:
            opening = Token("strange", "@{", self.opened, self.opened + 2)
            return self._error("the '@{' that begins here has no '}'", opening, hint="a literal '@{' is written '@@{'")
        met = "the end" if token.kind == "end" else f"{KINDS.get(token.kind, '')} {_quoted(token.text)}".strip()
        return self._error(f"expected {expected}, met {met}", token, hint=hint)

    def _error(self, reason: str, token: Token, *, hint: str | None = None) -> ParseError:
        return ParseError(reason, expression=self.text, start=token.start, end=token.end, hint=hint)

    def _hint_at(self, token: Token) -> str | None:
        if token.kind == "[":
            return "there are no array literals: use createArray(...)"
        if token.kind == "(":
            return "there are no parentheses for grouping: nest the functions"
        if token.kind == ".":
            return "a number needs a digit before its point: 0.5"
        return None

    def _hint_behind(self, node: Node) -> str | None:
        if isinstance(node, Literal) and self.token.kind in (".", "[", "?"):
            return "only the result of a function has properties"
        if isinstance(node, Property) and self.token.text.startswith("-"):
            return "a name with a dash is read by brackets: ['a-b']"
        if self.token.kind == "number" and self.token.text[0] in "+-":
            return "there are no operators: use add(a, b) or sub(a, b)"
        return None


def _hint_for_name(name: str) -> str:
    known = FUNCTIONS.get(name)
    return f"a function is called: {known.name}(...)" if known else f"a text is written '{name}', in single quotes"


def canonical_name(name: str) -> str:
    """The spelling of a function's name in the registry; an unknown name stays as it is."""
    known = FUNCTIONS.get(name)
    return known.name if known else name


def _quoted(text: str) -> str:
    return text if text.startswith("'") and len(text) <= 42 else f"'{text[:40]}'"
