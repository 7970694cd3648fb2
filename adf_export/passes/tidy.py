"""Says expressions shorter, once it is known what they read: for whoever opens the pipeline in the portal.

| before | after |
|---|---|
| `empty(if(equals(x, ''), null, x))` | `empty(x)` |
| `if(empty(x), y, if(equals(x, ''), null, x))` | `if(empty(x), y, x)` |
| `formatDateTime(formatDateTime(x, <ISO>), 'yyyy-MM-dd')` | `formatDateTime(x, 'yyyy-MM-dd')` |

The last one likewise for `addDays` and its like; not where the format shows a time zone, which the inner one settles.
"""

from dataclasses import replace
from typing import Final

from adf_export.context import Context
from adf_export.ir.unit import Draft
from adf_export.passes.rewriting import rewrite_activity, rewrite_node
from adf_export.passes.run_fields import ISO
from adf_lang.nodes import Call, Literal, Node, call, literal

# Functions of a moment -> place of their format.
_FORMATS: Final = {"addDays": 2, "addHours": 2, "addMinutes": 2, "addSeconds": 2, "formatDateTime": 1}
# Characters of formats that show no time zone; a single one would name a whole format.
_WITHOUT_ZONE: Final = frozenset("yMdHmsf-:/._ T")


def tidy(draft: Draft, _: Context) -> Draft:
    """The draft with shorter expressions that have the same values."""
    return replace(draft, activities=tuple(rewrite_activity(activity, shorter) for activity in draft.activities))


def shorter(node: Node) -> Node | None:
    """A call with its parts shortened, then itself; None for what is no call."""
    if not isinstance(node, Call):
        return None
    arguments = tuple(rewrite_node(argument, shorter) for argument in node.arguments)
    return _shortened(node if arguments == node.arguments else replace(node, arguments=arguments))


def _shortened(node: Call) -> Call:
    match node:
        case Call(name="empty", arguments=(value,)):
            return call("empty", _text_of(value) or value)
        case Call(name="if", arguments=(Call(name="empty", arguments=(tested,)) as condition, yes, no)):
            return call("if", condition, yes, tested if _text_of(no) == tested else no)
        case Call(name=name, arguments=(Call() as inner, *_)) if name in _FORMATS and _settles_only_zone(node, inner):
            return call(name, inner.arguments[0], *node.arguments[1:])
    return node


def _text_of(node: Node) -> Node | None:
    """The x of `if(equals(x, ''), null, x)`: a param whose empty text means None."""
    match node:
        case Call(name="if", arguments=(Call(name="equals", arguments=(tested, empty)), nothing, value)):
            return value if (tested, empty, nothing) == (value, literal(""), literal(None)) else None
    return None


def _settles_only_zone(node: Call, inner: Call) -> bool:
    place = _FORMATS[node.name]
    if inner.name != "formatDateTime" or inner.arguments[1:] != (literal(ISO),) or len(node.arguments) <= place:
        return False
    shown = node.arguments[place]
    text = shown.value if isinstance(shown, Literal) else None
    return isinstance(text, str) and len(text) > 1 and _WITHOUT_ZONE.issuperset(text)
