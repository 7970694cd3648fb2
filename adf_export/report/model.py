"""What became of each DAG and task, as plain data: every form of the report is written from this."""

import posixpath
from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from adf_export.codes import Severity
from adf_export.diagnostics import Diagnostic
from adf_export.ir.origin import Origin


class Verdict(StrEnum):
    """What became of a task."""

    # Activities that mean the same.
    NATIVE = "native"
    # Activities, and warnings that tell in which cases they differ from Airflow.
    APPROXIMATED = "approximated"
    # An error: its whole DAG is left out.
    REFUSED = "refused"


class ActivityReport(msgspec.Struct, frozen=True, kw_only=True):
    """One activity of a pipeline."""

    pipeline: str
    name: str
    type: str
    # It carries a rule, a retry, a result; it runs no task.
    helper: bool
    # One sentence: what it is there for.
    why: str = ""


class TaskReport(msgspec.Struct, frozen=True, kw_only=True):
    """One task."""

    task_id: str
    # Name of the operator's class.
    operator: str
    verdict: Verdict
    origin: Origin
    # None where the DAG is left out.
    activities: tuple[ActivityReport, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


class DagReport(msgspec.Struct, frozen=True, kw_only=True):
    """One DAG."""

    dag_id: str
    origin: Origin
    # Whether its pipelines are in the output.
    exported: bool
    pipelines: tuple[str, ...] = ()
    tasks: tuple[TaskReport, ...] = ()
    # Activities that serve the run as a whole.
    helpers: tuple[ActivityReport, ...] = ()
    # Those that are about no single task.
    diagnostics: tuple[Diagnostic, ...] = ()

    def all_diagnostics(self) -> Iterator[Diagnostic]:
        yield from self.diagnostics
        for task in self.tasks:
            yield from task.diagnostics

    def all_activities(self) -> Iterator[ActivityReport]:
        for task in self.tasks:
            yield from task.activities
        yield from self.helpers


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One compilation."""

    dags: tuple[DagReport, ...] = ()
    # Those that are about no DAG: files that cannot be imported, the factory as a whole.
    diagnostics: tuple[Diagnostic, ...] = ()
    # Nothing may be written, whatever the DAGs are.
    blocked: bool = False
    # What the files of places are below, as the reader of the report sees it; empty: the current folder.
    folder: str = ""

    def all_diagnostics(self) -> Iterator[Diagnostic]:
        """In their order: by place."""
        found = [*self.diagnostics]
        for dag in self.dags:
            found += dag.all_diagnostics()
        yield from sorted(found, key=Diagnostic.sort_key)

    def tasks(self) -> Iterator[tuple[DagReport, TaskReport]]:
        for dag in self.dags:
            for task in dag.tasks:
                yield dag, task

    def place(self, origin: Origin) -> str:
        """A place for people: dags/prices.py:12."""
        return f"{self.file(origin)}:{origin.line}" if origin.line else self.file(origin)

    def file(self, origin: Origin) -> str:
        return posixpath.normpath(posixpath.join(self.folder, origin.file)) if origin.file else ""

    def count(self, severity: Severity) -> int:
        return sum(found.severity is severity for found in self.all_diagnostics())

    def totals(self) -> Mapping[str, int]:
        """The figures of the summary, by the names that they have in JSON."""
        verdicts = [task.verdict for _, task in self.tasks()]
        return {
            "dags": len(self.dags),
            "dags_exported": sum(dag.exported for dag in self.dags),
            "tasks": len(verdicts),
            **{str(verdict): verdicts.count(verdict) for verdict in Verdict},
            "activities": sum(1 for dag in self.dags for _ in dag.all_activities()),
            "helpers": sum(activity.helper for dag in self.dags for activity in dag.all_activities()),
            **{f"{severity}s": self.count(severity) for severity in Severity},
        }


def short_operator(dotted: str) -> str:
    """The class of an operator; of a decorator that makes one, the name that a DAG file says."""
    return dotted.rpartition(".")[2]
