"""What the lowering of one template or decision shares: its scope, its line, and how it gives up or warns."""

from dataclasses import dataclass
from typing import Final

import msgspec

from adf_export.codes import TEMPLATE_DIFFERS, TEMPLATE_UNKNOWN_NAME, Code
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.origin import Origin
from adf_export.templating.scope import Scope
from adf_export.templating.terms import Undefined
from adf_lang.errors import nearest

# Data Factory takes no longer expression (limits of "Azure Data Factory limits", characters per expression).
MAX_EXPRESSION: Final = 8192
_SHOWN: Final = 80


@dataclass(slots=True, kw_only=True)
class Lowering:
    """Of one text; `line` is that of the part that is lowered at the moment."""

    scope: Scope
    # The template or the function's name, for messages.
    text: str
    # What to call it: "template", "function".
    noun: str
    # The code of a refusal.
    code: Code
    # Line in the DAG file on which the text begins; 0: unknown.
    first_line: int
    # Line in the text, from 1.
    line: int = 1

    def refusal(self, what: str, *, hint: str = "", code: Code | None = None) -> Refusal:
        """What to raise to give up: `what` completes the sentence "template '..': .."."""
        return Refusal(diagnostic(code or self.code, self._summary(what), origin=self._origin(), hint=hint))

    def unknown(self, found: Undefined) -> Refusal:
        """What to raise for a name that is not there."""
        hint = found.hint or nearest(found.name, found.known) or ""
        return self.refusal(f"there is no '{found.name}'", hint=hint, code=TEMPLATE_UNKNOWN_NAME)

    def warn(self, what: str) -> None:
        """Tells that the result differs in a case."""
        self.scope.report(diagnostic(TEMPLATE_DIFFERS, self._summary(what), origin=self._origin()))

    def _summary(self, what: str) -> str:
        shown = " ".join(self.text.split())
        shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 3]}..."
        return f"{self.noun} '{shown}': {what}"

    def _origin(self) -> Origin:
        origin = self.scope.origin
        if not self.first_line:
            return origin
        return msgspec.structs.replace(origin, line=self.first_line + self.line - 1)
