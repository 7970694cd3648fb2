"""Airflow's own example DAGs: each is exported, or refused with a code at a line of its file; none is a crash."""

import pytest

from adf_export.codes import COMPILER_FAULT, IMPORT_FAILED, IMPORT_TIMED_OUT, Severity
from adf_export.report.build import report_of
from adf_export.report.model import Report
from tools.example_dags_page import COMMAND, PAGE, example_dags, page, session


@pytest.fixture(scope="module")
def report() -> Report:
    return report_of(session())


def test_none_stops_the_compiler(report: Report) -> None:
    found = {one.code for one in report.all_diagnostics()}
    assert not found & {COMPILER_FAULT.id, IMPORT_FAILED.id, IMPORT_TIMED_OUT.id}
    assert not report.blocked


def test_each_is_exported_or_refused_at_a_line(report: Report) -> None:
    for dag in report.dags:
        errors = [found for found in dag.all_diagnostics() if found.severity is Severity.ERROR]
        assert dag.exported != bool(errors), dag.dag_id
        for found in errors:
            lines = (example_dags() / found.origin.file).read_text(encoding="utf-8").splitlines()
            assert 1 <= found.origin.line <= len(lines), found


def test_the_page_is_not_stale(report: Report) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(report), f"run: {COMMAND}"
