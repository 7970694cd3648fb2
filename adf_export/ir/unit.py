"""The graph between a DAG and its pipeline: units, each one or more tasks, judged by trigger rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adf_export.ir.dag import Dag, TriggerRule
from adf_export.ir.factory import Activity, Dataset, LinkedService, Parameter, Pipeline, PipelineVariable
from adf_export.ir.origin import Origin
from adf_lang.nodes import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipsItself:
    """The task may raise AirflowSkipException, or what means the same: a mapped task over an empty list."""

    # Judged after the activity succeeded: true: the task is skipped. An error means so too: be null-safe.
    when: Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """The task follows some of its children; the others are skipped."""

    # child task -> whether it is followed, judged after the activity succeeded. Children that are always followed
    # are not in it.
    follows: tuple[tuple[str, Node], ...]
    # One text that tells which single child is followed, and the children by that text; None: several may be.
    choice: "Choice | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision for exactly one child."""

    on: Node
    # (text, child); a boolean decision has "True" and "False".
    cases: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortCircuits:
    """The task skips what comes after it unless its condition holds."""

    passes: Node
    # True: everything downstream; False: its direct children, and trigger rules decide about the rest.
    all_downstream: bool


Decision = SkipsItself | Branches | ShortCircuits


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One node of the graph that trigger rules judge; the tasks in it have one common state.

    `steps` run one after another, wired among themselves by their own `depends_on`; the first ones have none. The unit
    succeeded if the last step did. Names of activities are unique in the DAG.
    """

    # The task's id; of a region, that of its first task.
    id: str
    origin: Origin
    tasks: tuple[str, ...]
    rule: TriggerRule
    upstream: tuple[str, ...]
    steps: tuple[Activity, ...]
    # None: it never skips itself nor others.
    decision: Decision | None = None
    is_setup: bool = False
    is_teardown: bool = False
    on_failure_fail_dagrun: bool = False
    # XCom key -> expression that gives it in the same pipeline after the unit succeeded; names activities of `steps`.
    results: tuple[tuple[str, Node], ...] = ()
    # The return value is a list with at least one element, whatever happens.
    never_empty: bool = False
    # How Airflow would repeat and limit the task; `passes/retries.py` writes it into the steps.
    attempts: "Attempts | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a callback sends; it has no say in how the run ends, and nobody waits for it."""

    # Id of the unit whose end it follows; empty: the run.
    of: str
    # on_failure_callback or on_success_callback.
    event: str
    steps: tuple[Activity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Airflow's retries and execution_timeout."""

    retries: int = 0
    delay_seconds: float = 300
    exponential_backoff: float = 0
    max_delay_seconds: float | None = None
    # Of one attempt; None: no limit.
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A DAG on its way to a pipeline."""

    dag: Dag
    # Name of the pipeline.
    name: str
    # Sorted so that upstream units come first, then as in the DAG.
    units: tuple[Unit, ...]
    # What callbacks of tasks and of the DAG send.
    notices: tuple[Notice, ...] = ()
    # Activities once they are wired by `passes/trigger_rules`; empty before.
    activities: tuple[Activity, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    variables: tuple[PipelineVariable, ...] = ()
    # Pipelines that this one starts: of mapped groups, of what was outlined.
    children: tuple[Pipeline, ...] = ()
    # What the units need in the factory.
    resources: "Resources" = field(default_factory=lambda: Resources())

    def unit(self, unit_id: str) -> Unit:
        """The unit of an id; KeyError: there is none."""
        for unit in self.units:
            if unit.id == unit_id:
                return unit
        raise KeyError(unit_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Documents besides pipelines, by name; equal names must have equal content."""

    linked_services: Mapping[str, LinkedService] = field(default_factory=dict)
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    global_parameters: Mapping[str, Parameter] = field(default_factory=dict)
