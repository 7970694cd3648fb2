"""Tasks of the Databricks Jobs API as activities: type and properties of each kind that Data Factory has."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from adf_export.ir.dag import Param
from adf_export.ir.factory import Json, Object, obj
from adf_export.ir.symbols import param
from adf_export.operators.payload import Given, Payload
from adf_export.operators.workbench import Workbench
from adf_export.templating.kinds import NONE, kinds_of_param
from adf_lang.nodes import Node

LIBRARIES: Final = ("cran", "egg", "jar", "maven", "pypi", "whl")


def activity_of(bench: Workbench, payload: Payload, *, forwards: bool) -> tuple[str, Object]:
    """Type and properties of the one task in a payload; `forwards`: its params stand in for missing parameters.

    Raises:
        Refusal: there is none, or Data Factory has no activity for it.
    """
    for kind, (type, read) in _TASKS.items():
        given = payload.take(kind)
        if given:
            libraries = payload.take("libraries")
            more = (("libraries", tuple(map(_library, libraries.items()))),) if libraries else ()
            return type, Object((*read(given, forwards).members, *more))
    payload.refuse(NOT_OF_TASKS)
    raise bench.invalid("notebook_task", "is missing, and so is every other task", hint="give notebook_task")


def parameters(given: Given) -> Object | Node:
    """Named parameters as texts; an empty one does not reach the run."""
    found = given.texts()
    if isinstance(found, Node):
        return found
    for name, value in found.members:
        if value == "":
            hint = "leave it out, and let the notebook have a default"
            raise given.invalid(f"gives '{name}' no text, which Data Factory's activity does not take", hint=hint)
    return found


def forwarded(bench: Workbench, field: str) -> Object | None:
    """The DAG's params: the operator passes them where it is given no parameters."""
    for one in bench.dag.params:
        if one.default == '""' or kinds_of_param(one) & NONE:
            raise bench.invalid(
                field,
                f"is missing, so that all params of the DAG are passed, and '{one.name}' may be without a value",
                hint=f"give {field}, or '{one.name}' a default that is not empty",
            )
    members = {one.name: _forwarded(bench, field, one).text() for one in bench.dag.params}
    return obj(members) if members else None


def _forwarded(bench: Workbench, field: str, one: Param) -> Given:
    return Given(bench=bench, field=field, place=f"params.{one.name}", value=param(one.name))


def _notebook(given: Given, forwards: bool) -> Object:
    payload = given.payload()
    path, arguments = payload.take("notebook_path"), payload.take("base_parameters")
    _from_workspace(payload)
    payload.close(_NOT_OF_NOTEBOOKS)
    if path is None:
        raise given.invalid("has no notebook_path")
    place = path.text()
    if isinstance(place, str) and not place.startswith("/"):
        raise path.invalid(f"is '{place}': a notebook's path in the workspace begins with /")
    values = parameters(arguments) if arguments else None
    if values is None and forwards:
        values = forwarded(given.bench, f"{given.place}.base_parameters")
    return obj(notebookPath=place, baseParameters=values)


def _python(given: Given, _: bool) -> Object:
    payload = given.payload()
    file, arguments = payload.take("python_file"), payload.take("parameters")
    _from_workspace(payload)
    payload.close({})
    if file is None:
        raise given.invalid("has no python_file")
    return obj(pythonFile=file.text(), parameters=_list(arguments))


def _jar(given: Given, _: bool) -> Object:
    payload = given.payload()
    name, arguments = payload.take("main_class_name"), payload.take("parameters")
    payload.close({"jar_uri": ("the jar is one of the libraries", 'give libraries=[{"jar": "..."}]')})
    if name is None:
        raise given.invalid("has no main_class_name")
    return obj(mainClassName=name.text(), parameters=_list(arguments))


def _list(given: Given | None) -> Json:
    return tuple(item.text() for item in given.items()) if given else None


def _from_workspace(payload: Payload) -> None:
    source = payload.take("source")
    if source and source.constant() != "WORKSPACE":
        raise source.refusal("an activity runs what is in the workspace", hint="bring the files into the workspace")


def _library(given: Given) -> Json:
    payload = given.payload()
    kind = next(iter(payload), "")
    found = payload.take(kind) if kind in LIBRARIES else None
    payload.close({"requirements": ("the activity takes no requirements files", "name each package by pypi")})
    if found is None:
        raise given.invalid(f"is none of {', '.join(LIBRARIES)}")
    return obj({kind: _package(found.value, found)})


def _package(value: Json, given: Given) -> Json:
    """A file's place, or what a repository wants to know; exclusions are a list."""
    if isinstance(value, Object):
        return Object(tuple((name, _package(member, given)) for name, member in value.members))
    return tuple(value) if isinstance(value, tuple) else replace(given, value=value).text()


# Kind of task -> type of the activity, and how its properties are read.
_TASKS: Final[Mapping[str, tuple[str, Callable[[Given, bool], Object]]]] = {
    "notebook_task": ("DatabricksNotebook", _notebook),
    "spark_python_task": ("DatabricksSparkPython", _python),
    "spark_jar_task": ("DatabricksSparkJar", _jar),
}
_SERVERLESS: Final = ("the activities run on clusters, not serverless", "give existing_cluster_id or new_cluster")
_RETRIES: Final = ("Data Factory repeats the activity, not its run", "give retries and retry_delay of the task")
_JOB: Final = ("no activity runs such a task", "make a Databricks job of it and start it with DatabricksRunNowOperator")
# Members of runs/submit and of its tasks -> why they stay behind, and the remedy.
NOT_OF_TASKS: Final[Mapping[str, tuple[str, str]]] = {
    "access_control_list": ("the activity sets no permissions", "let the workspace's defaults or a job say them"),
    "clean_rooms_notebook_task": _JOB,
    "condition_task": _JOB,
    "dbt_task": _JOB,
    "disable_auto_optimization": _SERVERLESS,
    "environment_key": _SERVERLESS,
    "environments": _SERVERLESS,
    "for_each_task": _JOB,
    "git_source": ("an activity runs what is in the workspace", "bring the files into the workspace"),
    "idempotency_token": ("each attempt of an activity has a token of its own", "leave it out"),
    "job_cluster_key": ("there is no job whose clusters it could share", "give existing_cluster_id or new_cluster"),
    "job_clusters": ("there is no job whose clusters it could share", "give existing_cluster_id or new_cluster"),
    "max_retries": _RETRIES,
    "min_retry_interval_millis": _RETRIES,
    "notebook_task": ("an activity runs one task", "make an operator of each task"),
    "performance_target": _SERVERLESS,
    "pipeline_task": _JOB,
    "python_wheel_task": _JOB,
    "retry_on_timeout": _RETRIES,
    "run_job_task": ("no activity runs such a task", "use DatabricksRunNowOperator"),
    "spark_jar_task": ("an activity runs one task", "make an operator of each task"),
    "spark_python_task": ("an activity runs one task", "make an operator of each task"),
    "spark_submit_task": ("no activity runs spark-submit", "use spark_python_task or spark_jar_task"),
    "sql_task": _JOB,
    "tasks": ("an activity runs one task", "make an operator of each task"),
}
_NOT_OF_NOTEBOOKS: Final = {"warehouse_id": ("the activity runs notebooks on clusters", "give a cluster")}
