"""A diagnostic: one thing about the user's DAGs, with its code, its place and the remedy."""

import msgspec

from adf_export.codes import Code, Severity
from adf_export.ir.origin import NOWHERE, Origin


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """Something to tell about one place of the user's DAGs or environment file."""

    code: str
    severity: Severity
    # One line, no full stop; quotes the names.
    summary: str
    origin: Origin = NOWHERE
    # What is to be known besides, if anything; whole sentences.
    detail: str = ""
    # What the user can do; one line.
    hint: str = ""
    # A JSON path in a document, "pipeline/daily.json: $.properties.activities[2]"; empty: about the DAG.
    path: str = ""

    def sort_key(self) -> tuple[str, int, str, str, str]:
        origin = self.origin
        return (origin.file, origin.line, origin.task_id, self.code, self.summary)


def diagnostic(
    code: Code, summary: str, *, origin: Origin = NOWHERE, detail: str = "", hint: str = "", path: str = ""
) -> Diagnostic:
    """A diagnostic of a code, with the code's severity."""
    return Diagnostic(
        code=code.id, severity=code.severity, summary=summary, origin=origin, detail=detail, hint=hint, path=path
    )


def in_order(diagnostics: "list[Diagnostic] | tuple[Diagnostic, ...]") -> tuple[Diagnostic, ...]:
    """Sorted by place, equal ones once."""
    return tuple(sorted(set(diagnostics), key=Diagnostic.sort_key))


def has_errors(diagnostics: "list[Diagnostic] | tuple[Diagnostic, ...]") -> bool:
    return any(found.severity is Severity.ERROR for found in diagnostics)


class Refusal(Exception):  # noqa: N818  # it is control flow: a translator gives up, its caller collects the diagnostic
    """Raised where a task cannot be translated; carries the diagnostic."""

    def __init__(self, found: Diagnostic) -> None:
        super().__init__(found.summary)
        self.diagnostic = found
