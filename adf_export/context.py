"""What every stage of one compilation shares: the environment, the DAGs, and the diagnostics that it collects."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adf_export.diagnostics import Diagnostic
from adf_export.environment import Environment
from adf_export.ir.dag import Dag
from adf_export.names import Names


@dataclass(slots=True, kw_only=True)
class Context:
    """Of one DAG; `diagnostics` grows while it is compiled."""

    environment: Environment
    # All DAGs of the compilation by id: a task may start another one.
    dags: Mapping[str, Dag] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    # Of the activities of all pipelines of the DAG.
    names: Names = field(default_factory=Names)
    # Task whose return value is a list of objects -> their members, where a translator knows them.
    members: dict[str, frozenset[str]] = field(default_factory=dict)
    # What in the DAG may read XComs, once somebody asked for it (operators/xcom_readers.py).
    xcom_readers: tuple[object, ...] | None = None

    def report(self, found: Diagnostic) -> None:
        self.diagnostics.append(found)
