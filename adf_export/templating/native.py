"""Native rendering, `render_template_as_native_obj`: what single output keeps its type, and which texts are read again.

Jinja passes a rendered text through `ast.literal_eval`: '5' becomes 5, '[1]' a list; what is no literal stays a text.
"""

import ast
from typing import Any, Final

from adf_export.codes import TEMPLATE_DIFFERS
from adf_export.diagnostics import diagnostic
from adf_export.templating.kinds import INT, TEXT
from adf_export.templating.lowering import Lowering
from adf_export.templating.moments import pattern_of
from adf_export.templating.terms import Choice, Joined, Known, Symbolic, Term, known
from adf_export.templating.texts import joined, text_parts
from adf_lang.nodes import Call, Node, call

# Words with which a literal may begin, and those before a quote.
_WORDS: Final = frozenset({"None", "True", "False", "set"})
_PREFIXES: Final = frozenset({"", "b", "br", "r", "rb", "u"})
# Patterns whose texts read as whole numbers, and those that never read as a literal.
_NUMBERS: Final = frozenset({"yyyyMMdd", "yyyy", "yyyyMMddHHmmss", "yyyyMMddHH", "yyyyMM"})
_SAFE_STARTS: Final = frozenset("/*:@<>=%&|^,;.!?$\\`")


def native(lowering: Lowering, outputs: list[Term]) -> Term:
    """The value of a template in native rendering."""
    if not outputs:
        return Known(value=None)
    if len(outputs) == 1:
        return _single(lowering, outputs[0])
    return _text(lowering, joined(lowering, outputs))


def _single(lowering: Lowering, term: Term) -> Term:
    if isinstance(term, Choice):
        return Choice(condition=term.condition, yes=_single(lowering, term.yes), no=_single(lowering, term.no))
    if isinstance(term, Joined):
        return Known(value=None) if not term.parts else _text(lowering, term)
    if isinstance(term, Known) and isinstance(term.value, str):
        return known(read_again(term.value))
    if isinstance(term, Symbolic) and term.kinds >= TEXT:
        return _symbolic(lowering, term)
    return term


def read_again(text: str) -> Any:
    """The value of a text that is a literal of Python, else the text."""
    try:
        return ast.literal_eval(ast.parse(text, mode="eval"))
    except (ValueError, SyntaxError, MemoryError):
        return text


def _symbolic(lowering: Lowering, term: Symbolic) -> Term:
    pattern = pattern_of(term.node)
    if pattern in _NUMBERS:
        return Symbolic(node=call("int", term.node), kinds=INT)
    if not pattern and not _is_never_literal(term.node):
        _warn(lowering)
    return term


def _text(lowering: Lowering, term: Term) -> Term:
    """A text of several parts."""
    if isinstance(term, Known):
        return known(read_again(term.value))
    if isinstance(term, Symbolic):
        return _symbolic(lowering, term)
    parts = text_parts(lowering, term)
    if not _begins_no_literal(parts[0]):
        _warn(lowering)
    return term


def _warn(lowering: Lowering) -> None:
    """Once for a DAG: it is true of all its texts from outside."""
    scope = lowering.scope
    scope.report(
        diagnostic(
            TEMPLATE_DIFFERS,
            f"DAG '{scope.dag.dag_id}' renders natively: texts of params, Variables and XComs stay texts here",
            origin=scope.dag.origin,
            detail="Airflow reads a rendered text again where it is a literal of Python: '5' becomes 5, '[1]' a list.",
            hint="give such params the type of JSON Schema that they have",
        )
    )


def _begins_no_literal(part: str | Node) -> bool:
    """Whether no text that begins so is a literal."""
    if isinstance(part, Node):
        return _is_never_literal(part)
    if part[:1] in _SAFE_STARTS:
        return True
    word = part[: next((index for index, char in enumerate(part) if not _is_letter(char)), len(part))]
    if not word or word[0].isdigit():
        return False
    if len(word) == len(part):
        # It may go on.
        return not any(known.startswith(word) for known in _WORDS) and word.lower() not in _PREFIXES
    return word.lower() not in _PREFIXES if part[len(word)] in "\"'" else word not in _WORDS


def _is_letter(char: str) -> bool:
    return char.isalnum() or char == "_"


def _is_never_literal(node: Node) -> bool:
    """Texts of datetimes with separators are none: 2026-01-31, 2026-01-31 00:00:00+00:00."""
    if isinstance(node, Call) and node.name == "replace":
        return _is_never_literal(node.arguments[0])
    return bool(pattern_of(node)) and pattern_of(node) not in _NUMBERS
