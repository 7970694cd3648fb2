"""All results that a DAG run can have in Airflow, over every order of events; judged by Airflow's own code.

Whether a task starts, waits, or is marked skipped or upstream_failed is asked of Airflow's `TriggerRuleDep`, which
tasks decide about the run of its `DagRun._tis_for_dagrun_state`, relatives and setups in scope of its `GenericDAGNode`.
What is written here is the loop around them, after Airflow 3.3.2:

* `DagRun._get_ready_tis` judges all tasks that are not started against `finished_tis`, a list made before the first of
  them is judged. A state that is set in a pass is seen in the next pass only: one pass is one step.
* Airflow 3.3.2 has no scheduling after a task in the worker any more, so every pass judges all tasks.
* Between two passes any number of tasks may start and end, in any order.
* `SkipMixin` sends the tasks to skip before its own task has succeeded (`ti_skip_downstream`): all but running,
  succeeded and failed ones become skipped, upstream_failed ones too. Passes may come in between. Since those tasks have
  their state by then, `NotPreviouslySkippedDep` never finds one that is to be judged.
* If nothing runs and a pass changes nothing, tasks that are left make the run fail: `update_state` calls it a deadlock.

Retries, pools, deferring and clearing are not modelled: they change when tasks end, not how.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from airflow._shared.dagnode.node import GenericDAGNode
from airflow.models.dagrun import DagRun
from airflow.task.trigger_rule import TriggerRule as AirflowRule
from airflow.ti_deps.dep_context import DepContext
from airflow.ti_deps.deps.trigger_rule_dep import TriggerRuleDep
from airflow.utils.state import State, TaskInstanceState

from adf_proof.shape import Kind, Outcome, Result, Shape

_DEP = TriggerRuleDep()
# States of a task while a run is explored. From DONE on: it ended with an outcome of that number; from TOLD on: it runs
# and has sent the skips of that outcome.
_NONE, _SCHEDULED, _RUNNING, _SKIPPED, _UPSTREAM_FAILED, _DONE, _TOLD = 0, 1, 2, 3, 4, 10, 1000
_AIRFLOW_STATES = {
    "success": TaskInstanceState.SUCCESS,
    "failed": TaskInstanceState.FAILED,
    "skipped": TaskInstanceState.SKIPPED,
}
_Run = tuple[int, ...]
# Orders of events that are tried at random, and how many of them in levels.
_MOST_WALKS = 40
_LEVELS = 0.3


class _Task(GenericDAGNode[Any, Any, Any]):
    """What Airflow's code asks of a task, without what an operator costs."""

    task_group = None

    def __init__(self, task_id: str, rule: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.task_id = task_id
        self.trigger_rule = AirflowRule(rule)
        self.is_setup = False
        self.is_teardown = False
        self.on_failure_fail_dagrun = False

    @property
    def node_id(self) -> str:
        return self.task_id

    def get_needs_expansion(self) -> bool:
        return False

    def get_closest_mapped_task_group(self) -> None:
        return None


class _Dag:
    dag_id = "proof"

    def __init__(self, tasks: Iterable[_Task]) -> None:
        self.task_dict = {task.task_id: task for task in tasks}
        for task in self.task_dict.values():
            task.dag = self

    @property
    def tasks(self) -> list[_Task]:
        return list(self.task_dict.values())

    def get_task(self, task_id: str) -> _Task:
        return self.task_dict[task_id]


class _TaskInstance:
    """What Airflow's code asks of a task instance."""

    map_index = -1
    run_id = "proof"
    dag_id = "proof"

    def __init__(self, task: _Task, state: TaskInstanceState | None) -> None:
        self.task, self.task_id, self.state = task, task.task_id, state

    def get_dagrun(self, session: object) -> None:
        """Only asked for to find the finished tasks, which the context holds already."""

    def set_state(self, state: TaskInstanceState, session: object) -> bool:
        changed = self.state != state
        self.state = state
        return changed


class TooLargeError(Exception):
    """A run has more states than are looked at."""


def reachable(
    shape: Shape, given: Mapping[str, Outcome] | None = None, *, most_states: int = 1_000_000
) -> frozenset[Result]:
    """All results of all runs; without `given` whatever the tasks do.

    Raises:
        TooLargeError: there are more states of a run than `most_states`.
    """
    return _Exploration(shape, given).results(most_states)


def reaches(shape: Shape, given: Mapping[str, Outcome], wanted: Result) -> bool:
    """Whether some order of events leads to a result: a few likely orders, no proof that there is none."""
    exploration = _Exploration(shape, given)
    return any(exploration.walk(*order) == wanted for order in _orders(shape, given))


def _orders(shape: Shape, given: Mapping[str, Outcome]) -> Iterator[tuple[list[float], bool]]:
    """Who ends first, by priority, and whether passes wait until nobody runs: failures first, last, in levels, any."""
    chance = random.Random(0)
    failing = {node.name for node in shape.nodes if given[node.name].state == "failed"}
    leading = failing.copy()
    for node in reversed(shape.nodes):
        if node.name in leading:
            leading.update(node.upstream)
    first = [float(node.name not in leading) for node in shape.nodes]
    yield first, False
    yield [1 - one for one in first], False
    yield first, True
    for _ in range(_MOST_WALKS):
        yield [chance.random() for _ in shape.nodes], chance.random() < _LEVELS


def judge(task: _Task, finished: Sequence[tuple[_Task, TaskInstanceState]]) -> int:
    """What a pass of the scheduler makes of a task that is not started."""
    instance = _TaskInstance(task, None)
    context = DepContext(flag_upstream_failed=True, finished_tis=[_TaskInstance(*one) for one in finished])  # type: ignore[misc]
    statuses = list(_DEP.get_dep_statuses(instance, session=SimpleNamespace(), dep_context=context))  # type: ignore[arg-type]
    if instance.state is not None:
        return _SKIPPED if instance.state is TaskInstanceState.SKIPPED else _UPSTREAM_FAILED
    return _RUNNING if all(status.passed for status in statuses) else _NONE


@cache
def _judge_plain(rule: str, states: tuple[TaskInstanceState, ...], unfinished: int) -> int:
    """Without setups a rule depends on nothing but how many upstream tasks are in each state."""
    upstream = [_Task(f"u{index}", "always") for index in range(len(states) + unfinished)]
    task = _Task("t", rule)
    _Dag([*upstream, task])
    for one in upstream:
        _connect(one, task)
    return judge(task, list(zip(upstream, states, strict=False)))


def _connect(above: _Task, below: _Task) -> None:
    above.downstream_task_ids.add(below.task_id)
    below.upstream_task_ids.add(above.task_id)


def dag_of(shape: Shape) -> _Dag:
    """The shape as Airflow's code sees it."""
    tasks = {node.name: _Task(node.name, node.rule.value) for node in shape.nodes}
    for node in shape.nodes:
        task = tasks[node.name]
        task.is_setup, task.is_teardown = node.is_setup, node.is_teardown
        task.on_failure_fail_dagrun = node.on_failure_fail_dagrun
        for name in node.upstream:
            _connect(tasks[name], task)
    return _Dag(tasks.values())


class _Exploration:
    """Breadth-first over the states of all tasks."""

    def __init__(self, shape: Shape, given: Mapping[str, Outcome] | None) -> None:
        self._shape = shape
        self._dag = dag_of(shape)
        self._names = [node.name for node in shape.nodes]
        self._index = {name: index for index, name in enumerate(self._names)}
        self._tasks = [self._dag.get_task(name) for name in self._names]
        self._upstream = [[self._index[name] for name in node.upstream] for node in shape.nodes]
        self._outcomes = [(given[name],) if given else shape.outcomes[name] for name in self._names]
        self._skips = [
            [[self._index[name] for name in forced(self._dag, shape, node.name, outcome)] for outcome in outcomes]
            for node, outcomes in zip(shape.nodes, self._outcomes, strict=True)
        ]
        self._plain = not any(node.is_setup or node.is_teardown for node in shape.nodes)
        # Whether a task is scheduled or running matters only where another one may skip it.
        self._started = _SCHEDULED if any(skips for of_task in self._skips for skips in of_task) else _RUNNING
        self._judged: dict[tuple[int, tuple[TaskInstanceState | None, ...]], int] = {}

    def results(self, most_states: int) -> frozenset[Result]:
        first: _Run = (_NONE,) * len(self._names)
        known, todo, found = {first}, [first], set[Result]()
        while todo:
            run = todo.pop()
            following = set(self._following(run))
            following.discard(run)
            if not following:
                found.add(self._result(run))
            todo += following - known
            known |= following
            if len(known) > most_states:
                raise TooLargeError
        return frozenset(found)

    def walk(self, priorities: Sequence[float], in_levels: bool) -> Result:
        """One run to its end."""
        run: _Run = (_NONE,) * len(self._names)
        while True:
            active = [index for index, state in enumerate(run) if state in (_SCHEDULED, _RUNNING) or state >= _TOLD]
            judged = run if in_levels and active else self._pass(run)
            if judged != run:
                run = judged
            elif active:
                index = min(active, key=priorities.__getitem__)
                run = next(self._events(run, index))
            else:
                return self._result(run)

    def _following(self, run: _Run) -> Iterator[_Run]:
        yield self._pass(run)
        for index in range(len(run)):
            yield from self._events(run, index)

    def _events(self, run: _Run, index: int) -> Iterator[_Run]:
        """What a task may do next."""
        state = run[index]
        if state == _SCHEDULED:
            yield _with(run, index, _RUNNING)
        elif state >= _TOLD:
            yield _with(run, index, state - _TOLD)
        elif state == _RUNNING:
            for number, skips in enumerate(self._skips[index]):
                if skips:
                    yield self._skipped(_with(run, index, _TOLD + _DONE + number), skips)
                else:
                    yield _with(run, index, _DONE + number)

    def _skipped(self, run: _Run, skips: Sequence[int]) -> _Run:
        changed = list(run)
        for index in skips:
            if run[index] in (_NONE, _SCHEDULED, _UPSTREAM_FAILED):
                changed[index] = _SKIPPED
        return tuple(changed)

    def _pass(self, run: _Run) -> _Run:
        if _NONE not in run:
            return run
        states = [self._airflow_state(index, state) for index, state in enumerate(run)]
        return tuple(self._judge(index, run, states) if state == _NONE else state for index, state in enumerate(run))

    def _judge(self, index: int, run: _Run, states: Sequence[TaskInstanceState | None]) -> int:
        if self._plain:
            above = [states[one] for one in self._upstream[index]]
            final = tuple(sorted(state for state in above if state is not None))
            said = _judge_plain(self._tasks[index].trigger_rule.value, final, len(above) - len(final))
        else:
            key = (index, tuple(states))
            if key not in self._judged:
                finished = [(self._tasks[one], state) for one, state in enumerate(states) if state is not None]
                self._judged[key] = judge(self._tasks[index], finished)
            said = self._judged[key]
        return self._started if said == _RUNNING else said

    def _airflow_state(self, index: int, state: int) -> TaskInstanceState | None:
        """The state of a finished task."""
        if state in (_SKIPPED, _UPSTREAM_FAILED):
            return TaskInstanceState.SKIPPED if state == _SKIPPED else TaskInstanceState.UPSTREAM_FAILED
        return _AIRFLOW_STATES[self._outcome(index, state).state] if _DONE <= state < _TOLD else None

    def _outcome(self, index: int, state: int) -> Outcome:
        return self._outcomes[index][state - _DONE]

    def _result(self, run: _Run) -> Result:
        instances = [
            _TaskInstance(task, self._airflow_state(index, state))
            for index, (task, state) in enumerate(zip(self._tasks, run, strict=True))
        ]
        counted = DagRun._tis_for_dagrun_state(None, dag=self._dag, tis=instances)  # type: ignore[arg-type, no-untyped-call]
        deadlock = any(instance.state is None for instance in instances)
        did = tuple(self._outcome(index, state) if state >= _DONE else None for index, state in enumerate(run))
        return Result(did, not deadlock and not any(one.state in State.failed_states for one in counted))


def _with(run: _Run, index: int, state: int) -> _Run:
    return (*run[:index], state, *run[index + 1 :])


def forced(dag: _Dag, shape: Shape, name: str, outcome: Outcome) -> Mapping[str, None]:
    """The tasks that one skips with an outcome: see `SkipMixin.skip_all_except` and `ShortCircuitOperator`."""
    task = dag.get_task(name)
    if outcome.follows is not None:
        followed = set(outcome.follows)
        for one in outcome.follows:
            followed |= dag.get_task(one).get_flat_relative_ids(upstream=False)
        return dict.fromkeys(child for child in shape.children[name] if child not in followed)
    if not outcome.stops:
        return {}
    everything = shape.by_name[name].kind is Kind.STOPS_ALL
    relatives = task.get_flat_relatives(upstream=False) if everything else task.downstream_list
    return dict.fromkeys(one.task_id for one in relatives if not one.is_teardown)
