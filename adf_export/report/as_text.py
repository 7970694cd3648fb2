"""The report for a terminal: a summary, the codes, then what is refused, then what is approximated."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rich.text import Text

from adf_export.codes import Severity, all_codes
from adf_export.diagnostics import Diagnostic
from adf_export.report.model import Report
from adf_export.report.wording import counted, summary, told_codes, without_activity

STYLES: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
# Severity -> heading of its part.
_PARTS: Final = {
    Severity.ERROR: "Refused: these DAGs are left out whole",
    Severity.WARNING: "Approximated: exported, and different from Airflow in what is told",
    Severity.NOTE: "To know: exported, without what has no meaning in Data Factory",
}
_MOST_OPERATORS: Final = 8
# What fits on a screen, in diagnostics of each severity.
SHORT: Final = {Severity.ERROR: 6, Severity.WARNING: 3, Severity.NOTE: 0}


def report_text(report: Report, *, everything: bool) -> Text:
    """The whole report, or as much of it as fits on a screen."""
    return Text("\n").join(_lines(report, everything=everything))


def diagnostics_text(report: Report, *, everything: bool, only_errors: bool = False, dag_id: str = "") -> Text:
    """Diagnostics alone, errors first, and how many are not shown; `dag_id`: of one DAG."""
    lines: list[Text] = []
    for severity in (Severity.ERROR,) if only_errors else tuple(Severity):
        found = [
            one
            for one in report.all_diagnostics()
            if one.severity is severity and (not dag_id or one.origin.dag_id == dag_id)
        ]
        lines += _shown(found, report, len(found) if everything else SHORT[severity])
    return Text("\n").join(lines)


def diagnostic_text(found: Diagnostic, report: Report) -> Text:
    """As a compiler tells it: what, where, remedy."""
    text = Text.assemble((f"{found.severity}[{found.code}]", STYLES[found.severity]), f": {found.summary}")
    place = report.place(found.origin)
    if place or found.path:
        text.append(f"\n  in {place or found.path}")
    if found.detail:
        text.append(f"\n  {found.detail}", style="dim")
    if found.hint:
        text.append(f"\n  help: {found.hint}")
    return text


def _lines(report: Report, *, everything: bool) -> Iterator[Text]:
    yield Text(summary(report), style="bold")
    yield from _codes(report)
    for severity, heading in _PARTS.items():
        found = [one for one in report.all_diagnostics() if one.severity is severity]
        limit = len(found) if everything else SHORT[severity]
        if found and limit:
            yield Text(f"\n{heading}", style="bold")
            yield from _shown(found, report, limit)
    if not everything and any(report.count(severity) > SHORT[severity] for severity in Severity):
        yield Text("\n--all shows everything; --format json, sarif and markdown always have everything", style="dim")


def _codes(report: Report) -> Iterator[Text]:
    counts = told_codes(report)
    for severity in Severity:
        for code in all_codes():
            if code.id in counts and code.severity is severity:
                head = (f"{code.severity}[{code.id}]".ljust(16), STYLES[code.severity])
                yield Text.assemble("  ", head, f"{counts[code.id]:>6,}  {code.title}")
    without = without_activity(report)
    if without:
        named = ", ".join(f"{operator} {count:,}" for operator, count in without[:_MOST_OPERATORS])
        more = len(without) - _MOST_OPERATORS
        yield Text(f"  without an activity: {named}" + (f" and {more} more operators" if more > 0 else ""))


def _shown(found: Sequence[Diagnostic], report: Report, limit: int) -> Iterable[Text]:
    yield from (diagnostic_text(one, report) for one in found[:limit])
    hidden = len(found) - limit
    if hidden > 0:
        what = counted(hidden, str(found[0].severity))
        yield Text(f"... and {what} more" if limit else f"... {what} not shown", style="dim")
