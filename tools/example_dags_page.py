"""Writes docs/example-dags.md, what becomes of Airflow's own example DAGs: `python tools/example_dags_page.py`."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

from adf_export.codes import Severity, all_codes
from adf_export.environment import Environment
from adf_export.report.build import report_of
from adf_export.report.model import DagReport, Report
from adf_export.report.wording import summary, told_codes, types_of, without_activity
from adf_export.session import Session, compile_paths

PAGE = Path(__file__).parents[1] / "docs" / "example-dags.md"
COMMAND = "python tools/example_dags_page.py"


def example_dags() -> Path:
    """Airflow's folder, found without importing Airflow."""
    spec = importlib.util.find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "example_dags"


def session(cache: Path | None = None) -> Session:
    return compile_paths([example_dags()], Environment(), cache=cache)


def page(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield from ("# Airflow's example DAGs", "")
    yield f"Made by `{COMMAND}`; a test fails when this page is stale."
    yield ""
    yield "What becomes of every DAG of `airflow.example_dags`, compiled without an environment file. Most of them run"
    yield "Python or Bash in a worker, and Data Factory has no activity for that."
    yield from ("", f"{summary(report)}.", "", "| code | | times | what was met |", "|---|---|---|---|")
    counts = told_codes(report)
    for code in all_codes():
        if code.id in counts:
            yield f"| {code.id} | {code.severity} | {counts[code.id]} | {code.title} |"
    named = ", ".join(f"{operator} ({count})" for operator, count in without_activity(report))
    yield from ("", f"Operators without an activity, and of how many tasks: {named}.", "")
    yield from ("| DAG | | tasks | activities | helpers | errors | warnings |", "|---|---|---|---|---|---|---|")
    yield from (_row(dag) for dag in report.dags)


def _row(dag: DagReport) -> str:
    work = types_of(activity for activity in dag.all_activities() if not activity.helper)
    helpers = types_of(activity for activity in dag.all_activities() if activity.helper)
    fate = "exported" if dag.exported else "left out"
    told = (_codes(dag, severity) for severity in (Severity.ERROR, Severity.WARNING))
    return f"| {dag.dag_id} | {fate} | {len(dag.tasks)} | {work} | {helpers} | {' | '.join(told)} |"


def _codes(dag: DagReport, severity: Severity) -> str:
    return ", ".join(sorted({found.code for found in dag.all_diagnostics() if found.severity is severity}))


if __name__ == "__main__":
    PAGE.write_text(page(report_of(session())), encoding="utf-8")
