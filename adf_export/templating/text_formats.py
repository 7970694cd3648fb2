"""Texts by a format: `'%s' % x` and `'{}'.format(x)`."""

import string
from collections.abc import Mapping
from typing import Final

from adf_export.templating.kinds import INT
from adf_export.templating.lowering import Lowering
from adf_export.templating.terms import Known, Term, kinds
from adf_export.templating.texts import joined

_EMPTY: Final = Known(value="")


def percent(lowering: Lowering, format: str, arguments: list[Term]) -> Term:
    """format % arguments.

    Raises:
        Refusal: another code than %s, %d and %%.
    """
    pieces: list[Term] = []
    rest = list(arguments)
    first, *others = format.split("%")
    pieces.append(Known(value=first))
    escaped = False
    for part in others:
        if escaped:
            pieces.append(Known(value=part))
            escaped = False
        elif not part:
            pieces.append(Known(value="%"))
            escaped = True
        elif rest and (part[0] == "s" or (part[0] == "d" and kinds(rest[0]) == INT)):
            pieces += [rest.pop(0), Known(value=part[1:])]
        else:
            raise lowering.refusal(f"the format '{format}' has no equal expression", hint="%s and %d only")
    if rest:
        raise lowering.refusal("not all arguments are used by the format")
    return joined(lowering, [piece for piece in pieces if piece != _EMPTY] or [_EMPTY])


def braces(lowering: Lowering, format: str, arguments: list[Term], named: Mapping[str, Term]) -> Term:
    """format.format(...).

    Raises:
        Refusal: a field with a format of its own, or a part of an argument.
    """
    pieces: list[Term] = []
    values = {**{str(index): value for index, value in enumerate(arguments)}, **named}
    automatic = 0
    for text, name, spec, conversion in string.Formatter().parse(format):
        pieces.append(Known(value=text))
        if name is None:
            continue
        if not name:
            name, automatic = str(automatic), automatic + 1
        if spec or conversion or name not in values:
            raise lowering.refusal(f"the field '{{{name}}}' of the format has no equal expression")
        pieces.append(values[name])
    return joined(lowering, [piece for piece in pieces if piece != _EMPTY] or [_EMPTY])
