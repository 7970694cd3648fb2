"""Reads template files where Airflow would, and tells of those that cannot be read."""

from collections.abc import Iterator
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator

from adf_export.codes import TEMPLATE_FILE_MISSING
from adf_export.diagnostics import Diagnostic, diagnostic
from adf_export.frontend.places import Territory
from adf_export.frontend.recorder import Recorder
from adf_export.frontend.tasks import origin_of


def read_template_files(dag: DAG, recorder: Recorder, territory: Territory) -> list[Diagnostic]:
    """Puts the text of each template file in the place of its name."""
    dag.resolve_template_files()  # type: ignore[no-untyped-call]  # Airflow's own
    found: list[Diagnostic] = []
    for task in dag.tasks:
        if isinstance(task, MappedOperator):
            _read_mapped(task)
        for file in sorted(set(_left(task))):
            origin = origin_of(recorder.spot(task), territory, dag.dag_id, task.task_id)
            summary = f"the template file '{file}' of task '{task.task_id}' cannot be read"
            hint = "put it beside the DAG file, or name its folder in template_searchpath"
            found.append(diagnostic(TEMPLATE_FILE_MISSING, summary, origin=origin, hint=hint))
    return found


def _read_mapped(task: MappedOperator) -> None:
    """Airflow reads those of a mapped task when it runs: their texts are the same."""
    assert task.dag is not None
    environment = task.dag.get_template_env()
    given = task._get_specified_expand_input().value
    for values in (task.partial_kwargs, given if isinstance(given, dict) else {}):
        for name in set(task.template_fields) & set(values):
            values[name] = _text(values[name], tuple(task.template_ext or ()), environment)


def _text(value: Any, endings: tuple[str, ...], environment: Any) -> Any:
    if isinstance(value, list):
        return [_text(item, endings, environment) for item in value]
    if not isinstance(value, str) or not endings or not value.endswith(endings) or environment.loader is None:
        return value
    try:
        return environment.loader.get_source(environment, value)[0]
    except OSError:  # Jinja's TemplateNotFound is one
        return value


def _left(task: Any) -> Iterator[str]:
    endings = tuple(task.template_ext or ())
    for name in task.template_fields if endings else ():
        value = task.partial_kwargs.get(name) if isinstance(task, MappedOperator) else getattr(task, name, None)
        yield from (text for text in _texts(value, set()) if text.endswith(endings))


def _texts(value: Any, seen: set[int]) -> Iterator[str]:
    """All texts that Airflow renders in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | set | dict) and id(value) not in seen:
        seen.add(id(value))
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item, seen)
