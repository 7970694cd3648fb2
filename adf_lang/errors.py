"""The errors of the package: one base, which quotes the expression with a caret under the place."""

from collections.abc import Iterable

# A long expression is quoted in part: this many characters either side of the place.
QUOTED = 60


class AdfLangError(Exception):
    """An expression that cannot be read or evaluated.

    `reason` says what was met and what was expected, in one line; `hint` gives the nearest names or the remedy, or is
    None.
    `start` and `end` bound the blamed part of `expression` (the whole text as given, `@` included).
    """

    def __init__(self, reason: str, *, expression: str, start: int, end: int, hint: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.expression = expression
        self.start = max(0, min(start, len(expression)))
        self.end = max(self.start, min(end, len(expression)))
        self.hint = hint

    def __str__(self) -> str:
        line, column, width = _line_of(self.expression, self.start, self.end)
        text = f"{self.reason}\n  {line}\n  {' ' * column}{'^' * width}"
        return f"{text}\n  {self.hint}" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.reason, self.expression, self.start, self.end, self.hint)


class ParseError(AdfLangError):
    """The text is not an expression of the language."""


class EvaluationError(AdfLangError):
    """The expression is well formed, but has no value in this scope."""


class UnlistedFunctionError(EvaluationError):
    """A function of Microsoft's engine, known from Logic Apps, that Data Factory's page does not list."""


def nearest(name: str, names: Iterable[str]) -> str | None:
    """A hint that gives the names like this one, or all of them where there are few; None: there are none."""
    import difflib  # only errors need it, and it takes a tenth of the time to import this package

    known = list(names)
    folded = {item.lower(): item for item in known}
    close = difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"'{folded[item]}'" for item in close) + "?"
    if known and len(known) <= 12:
        return "there is " + ", ".join(f"'{item}'" for item in known)
    return None


def _rebuild(
    kind: type[AdfLangError], reason: str, expression: str, start: int, end: int, hint: str | None
) -> AdfLangError:
    return kind(reason, expression=expression, start=start, end=end, hint=hint)


def _line_of(text: str, start: int, end: int) -> tuple[str, int, int]:
    """The line that holds the place, cut to fit a screen, with the caret's column and width."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", start)
    last = len(text) if last < 0 else last
    left = max(first, start - QUOTED)
    right = min(last, max(end, start + 1) + QUOTED)
    line = text[left:right].replace("\t", " ").replace("\r", " ")
    head = "..." if left > first else ""
    tail = "..." if right < last else ""
    width = max(1, min(end, right) - start)
    return head + line + tail, len(head) + start - left, width
