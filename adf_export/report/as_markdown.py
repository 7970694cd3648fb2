"""The report as Markdown, for a pull request."""

from collections.abc import Iterator

from adf_export.codes import all_codes
from adf_export.diagnostics import Diagnostic
from adf_export.report.model import DagReport, Report, TaskReport, Verdict
from adf_export.report.wording import becomes, summary, told_codes, types_of


def as_markdown(report: Report) -> str:
    """A summary, the codes, then a table for each DAG: what is refused first."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield from ("# DAGs in Data Factory", "", f"{summary(report)}.", "")
    yield from _codes(report)
    yield from (f"- {_told(found, report)}" for found in report.diagnostics)
    for dag in sorted(report.dags, key=lambda dag: (dag.exported, dag.dag_id)):
        yield from _dag(dag, report)


def _codes(report: Report) -> Iterator[str]:
    counts = told_codes(report)
    if counts:
        yield from ("| code | | times | what it is |", "|---|---|---|---|")
        for code in all_codes():
            if code.id in counts:
                yield f"| {code.id} | {code.severity} | {counts[code.id]} | {code.title} |"
        yield ""


def _dag(dag: DagReport, report: Report) -> Iterator[str]:
    verdict = "exported" if dag.exported else "left out"
    yield from (f"## {_escaped(dag.dag_id)}: {verdict}", "", f"`{report.place(dag.origin)}`", "")
    if dag.diagnostics:
        yield from (*(f"- {_told(found, report)}" for found in dag.diagnostics), "")
    yield from ("| task | operator | | becomes | to know |", "|---|---|---|---|---|")
    yield from (_row(task, report) for task in dag.tasks)
    if dag.helpers:
        yield from ("", f"For the run as a whole: {types_of(dag.helpers)}.")
    yield ""


def _row(task: TaskReport, report: Report) -> str:
    told = "<br>".join(_told(found, report) for found in task.diagnostics)
    verdict = f"**{task.verdict}**" if task.verdict is Verdict.REFUSED else str(task.verdict)
    return f"| {_escaped(task.task_id)} | {task.operator} | {verdict} | {_escaped(becomes(task))} | {told} |"


def _told(found: Diagnostic, report: Report) -> str:
    place = report.place(found.origin) or found.path
    parts = [f"{found.severity} {found.code}", f"`{place}`:" if place else "", _escaped(found.summary)]
    text = " ".join(part for part in parts if part)
    text += f". {_escaped(found.detail)}" if found.detail else ""
    return f"{text} _Remedy: {_escaped(found.hint)}_" if found.hint else text


def _escaped(text: str) -> str:
    """What Markdown, HTML or a table would take for its own syntax."""
    for char in "\\`*_[]<>|":
        text = text.replace(char, f"\\{char}")
    return " ".join(text.split())
