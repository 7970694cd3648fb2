"""The report as SARIF 2.1.0: a rule for each code, a result for each diagnostic; nothing is suppressed."""

from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from adf_export.codes import Severity, all_codes
from adf_export.diagnostics import Diagnostic
from adf_export.report.model import Report

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def as_sarif(report: Report) -> dict[str, Any]:
    """A log of one run; what became of each task is among the run's properties."""
    codes = all_codes()
    rules = {code.id: index for index, code in enumerate(codes)}
    driver = {
        "name": "adf-export",
        "version": version("adf-export"),
        "rules": [
            {
                "id": code.id,
                "shortDescription": {"text": code.title},
                "defaultConfiguration": {"level": _LEVELS[code.severity]},
            }
            for code in codes
        ],
    }
    verdicts = [
        {"dag_id": dag.dag_id, "task_id": task.task_id, "verdict": str(task.verdict), "exported": dag.exported}
        for dag, task in report.tasks()
    ]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(found, rules[found.code], report) for found in report.all_diagnostics()],
        "properties": {"totals": dict(report.totals()), "tasks": verdicts},
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(found: Diagnostic, rule: int, report: Report) -> dict[str, Any]:
    location = _location(found, report)
    return {
        "ruleId": found.code,
        "ruleIndex": rule,
        "level": _LEVELS[found.severity],
        "message": {"text": message(found)},
        **({"locations": [location]} if location else {}),
    }


def message(found: Diagnostic) -> str:
    """Whole sentences: what was met, what is to be known, what can be done."""
    parts = (found.summary, found.detail, f"Remedy: {found.hint}" if found.hint else "")
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


def _location(found: Diagnostic, report: Report) -> dict[str, Any]:
    """Where it is: the place in the file; the task or DAG by its name."""
    origin, location = found.origin, dict[str, Any]()
    if origin.file:
        place: dict[str, Any] = {"artifactLocation": {"uri": _uri(report.file(origin))}}
        if origin.line:
            place["region"] = {"startLine": origin.line}
        location["physicalLocation"] = place
    name = ".".join(part for part in (origin.dag_id, origin.task_id, origin.field) if part)
    if name:
        location["logicalLocations"] = [{"fullyQualifiedName": name}]
    return location


def _uri(file: str) -> str:
    """Relative to the current folder, or absolute with its scheme."""
    return f"file://{quote(file)}" if file.startswith("/") else quote(file)
