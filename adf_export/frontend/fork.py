"""One fork of the worker: imports a DAG file, reads its DAGs, and says what it needed for that."""

import importlib
import os
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Final

import msgspec
from airflow import settings
from airflow.sdk import DAG
from airflow.sdk.definitions._internal.contextmanager import DagContext

from adf_export.codes import IMPORT_FAILED, NO_DAGS, VARIABLE_AT_IMPORT
from adf_export.diagnostics import Diagnostic, diagnostic, has_errors, in_order
from adf_export.frontend.dags import read_dag
from adf_export.frontend.failures import dag_failure, import_failure, internal_failure
from adf_export.frontend.importing import import_file
from adf_export.frontend.places import Territory
from adf_export.frontend.protocol import Answer, Request
from adf_export.frontend.recorder import Recorder, install
from adf_export.frontend.tasks import origin_of
from adf_export.frontend.template_files import read_template_files
from adf_export.frontend.watching import Watch
from adf_export.ir.dag import Dag, Reading
from adf_export.ir.origin import Origin

# The tag that adf_export_airflow.data_factory.mirror gives its DAGs.
_MIRROR: Final = "adf-mirror"
# Airflow imports these for the first DAG that it asks for its timetable.
_WARM: Final = (
    "airflow.timetables.assets",
    "airflow.timetables.interval",
    "airflow.timetables.simple",
    "airflow.timetables.trigger",
)


class Server:
    """What all forks share: made once in the worker, where it costs once."""

    def __init__(self, request: Request) -> None:
        for name in _WARM:
            importlib.import_module(name)
        self._territory = Territory(request.root, request.files)
        self._watch = Watch(self._territory, request.search)
        self._recorder = Recorder(self._territory)
        install(self._recorder)

    def serve(self, file: str, answers: int) -> None:
        """Reads one file and writes the answer; in a fork, whose end takes away what the file has done."""
        self._watch.start()
        try:
            reading = self._read(file)
        except Exception as error:  # a fault of ours: it must not look like one of the file
            origin = Origin(file=self._territory.relative(file))
            reading = Reading(file=origin.file, diagnostics=(internal_failure(error, origin),))
        answer = Answer(file=file, reading=reading, inputs=self._watch.stop(file))
        with os.fdopen(answers, "wb") as pipe:
            pipe.write(msgspec.json.encode(answer) + b"\n")

    def _read(self, file: str) -> Reading:
        recorder, territory = self._recorder, self._territory
        if not file.endswith(".py"):
            return _archive(territory.relative(file))
        try:
            module = import_file(file)
        except BaseException as error:  # whatever a file raises is told of that file
            found = [import_failure(error, file, recorder, territory)]
            return Reading(file=territory.relative(file), diagnostics=tuple(found))
        found = list(_variables(recorder, territory))
        objects = _objects(module)
        dags = list(_dags(filter(_is_exported, objects), recorder, territory, found))
        if not objects and not has_errors(found):
            origin = Origin(file=territory.relative(file))
            found.append(diagnostic(NO_DAGS, "the file defines no DAG", origin=origin))
        return Reading(file=territory.relative(file), dags=tuple(dags), diagnostics=in_order(found))


def _archive(file: str) -> Reading:
    summary = "the file is a packaged DAG: what is in it is not read"
    found = diagnostic(IMPORT_FAILED, summary, origin=Origin(file=file), hint="unpack it into the DAG folder")
    return Reading(file=file, diagnostics=(found,))


def _variables(recorder: Recorder, territory: Territory) -> Iterator[Diagnostic]:
    """A Variable that is read on import has the value that it has here, for good."""
    for read in recorder.variables:
        yield diagnostic(
            VARIABLE_AT_IMPORT,
            f"Variable '{read.key}' is read while the file is imported: its value or default here is compiled in",
            origin=origin_of(read.spot, territory, ""),
            hint=f"use {{{{ var.value.{read.key} }}}} in a template field",
        )


def _objects(module: ModuleType) -> list[DAG]:
    """DAGs that stand at the top level of the file, and those used in a `with` or made by `@dag`."""
    found = [value for value in vars(module).values() if isinstance(value, DAG)]
    found += [dag for dag, _ in DagContext.autoregistered_dags]
    return sorted({id(dag): dag for dag in found}.values(), key=lambda dag: dag.dag_id)


def _is_exported(dag: DAG) -> bool:
    """All but mirrors: what those show was exported from DAGs of their own."""
    return _MIRROR not in dag.tags


def _dags(dags: Iterable[DAG], recorder: Recorder, territory: Territory, found: list[Diagnostic]) -> Iterator[Dag]:
    for dag in dags:
        try:
            _settle(dag)
            found.extend(read_template_files(dag, recorder, territory))
            yield read_dag(dag, recorder, territory)
        except Exception as error:  # one DAG that cannot be read is told; the others stay
            found.append(dag_failure(error, origin_of(recorder.spot(dag), territory, dag.dag_id)))


def _settle(dag: DAG) -> None:
    """What Airflow does with a DAG before it keeps it."""
    dag.check_cycle()
    settings.dag_policy(dag)  # type: ignore[no-untyped-call]  # Airflow's own
    for task in dag.tasks:
        settings.task_policy(task)  # type: ignore[no-untyped-call]  # Airflow's own
