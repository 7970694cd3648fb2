"""One compilation, from paths to a factory that may be written: reads, compiles, judges, and leaves out what failed.

read       paths -> readings                         frontend
compile    each DAG -> Compiled                      compiler
assemble   those without errors -> Factory           compiler
judge      Factory -> diagnostics                    validate, secrets; a DAG with an error is taken out, then again
"""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adf_export.backends.formats import DEPLOYMENTS
from adf_export.codes import COMPILER_FAULT, INVALID_DOCUMENT
from adf_export.compiler import Compiled, assemble, compile_dag
from adf_export.diagnostics import Diagnostic, diagnostic, has_errors, in_order
from adf_export.environment import Environment
from adf_export.frontend import read_dags, root_of
from adf_export.ir.dag import Dag, Reading
from adf_export.ir.factory import Factory
from adf_export.ir.unit import Resources
from adf_export.validate import validate
from adf_export.validate.deployment import check_deployment
from adf_export.validate.secrets import find_secrets, known_secrets

GIT: Final = "git"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What became of the DAGs of some paths."""

    readings: tuple[Reading, ...]
    # Every DAG, also those that are left out, by their ids.
    compiled: tuple[Compiled, ...]
    factory: Factory
    # Of all stages, by place.
    diagnostics: tuple[Diagnostic, ...]
    # Ids of the DAGs that are in the factory.
    exported: frozenset[str]
    # Something that no DAG is to blame for makes the factory invalid: it must not be written.
    blocked: bool = False


def compile_paths(
    paths: Sequence[Path],
    environment: Environment,
    *,
    cache: Path | None = None,
    progress: Callable[[str], None] | None = None,
    format: str = GIT,
) -> Session:
    """Compiles the DAGs of files and folders; `format` is what they will be written as, for its limits.

    Raises:
        AdfExportError: DAG files cannot be read at all.
    """
    readings = read_dags(paths, root=root_of(paths), cache=cache, progress=progress)
    return compile_readings(readings, environment, format=format)


def compile_readings(readings: Sequence[Reading], environment: Environment, *, format: str = GIT) -> Session:
    """Compiles what was read."""
    dags: dict[str, Dag] = {}
    for reading in readings:
        for dag in reading.dags:
            dags.setdefault(dag.dag_id, dag)
    compiled = tuple(_compile(dags[dag_id], environment, dags) for dag_id in sorted(dags))
    told = [found for reading in readings for found in reading.diagnostics]
    told += [found for one in compiled for found in one.diagnostics]
    told += _collisions(compiled)
    exported = frozenset(dags) - _blamed(told, compiled)
    while True:
        factory = assemble((one for one in compiled if one.dag.dag_id in exported), environment)
        found = _judge(factory, format)
        told += found
        out = exported & _blamed(found, compiled)
        if not out:
            break
        # What started one of these is judged without it.
        exported -= out
    return Session(
        readings=tuple(readings),
        compiled=compiled,
        factory=factory,
        diagnostics=in_order(told),
        exported=exported,
        blocked=has_errors(found),
    )


def _compile(dag: Dag, environment: Environment, dags: Mapping[str, Dag]) -> Compiled:
    try:
        return compile_dag(dag, environment, dags)
    except Exception as error:  # a fault of ours in one DAG must not take the others with it
        return Compiled(dag=dag, pipelines=(), resources=Resources(), diagnostics=(_fault(dag, error),))


def _fault(dag: Dag, error: Exception) -> Diagnostic:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else "an unknown place"
    return diagnostic(
        COMPILER_FAULT,
        f"the compiler fails at DAG '{dag.dag_id}': {type(error).__name__} in {where}",
        origin=dag.origin,
        detail=str(error),
        hint="report it with the DAG file; the DAG is left out, the others are not concerned",
    )


def _judge(factory: Factory, format: str) -> list[Diagnostic]:
    deployment = check_deployment(factory) if format in DEPLOYMENTS else ()
    return [*validate(factory), *find_secrets(factory, known_secrets(os.environ)), *deployment]


def _collisions(compiled: Iterable[Compiled]) -> Iterator[Diagnostic]:
    """DAGs whose documents have one name and are not the same: all of them are refused, since others may name one."""
    pipelines: dict[str, list[Dag]] = defaultdict(list)
    resources: dict[str, list[tuple[Dag, object]]] = defaultdict(list)
    for one in compiled:
        for pipeline in one.pipelines:
            pipelines[pipeline.name.lower()].append(one.dag)
        for path, document in _documents(one.resources):
            resources[path.lower()].append((one.dag, document))
    for name, dags in pipelines.items():
        if len(dags) > 1:
            yield from (_collision(dag, f"pipeline/{name}", dags, "give one of the DAGs another id") for dag in dags)
    for path, made in resources.items():
        if any(document != made[0][1] for _, document in made):
            dags = [dag for dag, _ in made]
            hint = "give one of the connections another id: capitals, dots and dashes do not tell them apart"
            yield from (_collision(dag, path, dags, hint) for dag in dags)


def _collision(dag: Dag, path: str, dags: Sequence[Dag], hint: str) -> Diagnostic:
    others = ", ".join(f"'{other.dag_id}'" for other in dags if other is not dag)
    summary = f"DAG '{dag.dag_id}' and {others or 'itself'} need different documents of one name, '{path}'"
    return diagnostic(INVALID_DOCUMENT, summary, origin=dag.origin, hint=hint)


def _blamed(found: Iterable[Diagnostic], compiled: Sequence[Compiled]) -> frozenset[str]:
    """The DAGs that errors are about: the DAG of the place, else those that need the document."""
    blamed: set[str] = set()
    for one in found:
        if not has_errors([one]):
            continue
        if one.origin.dag_id:
            blamed.add(one.origin.dag_id)
        else:
            path = one.path.partition(".json")[0]
            blamed.update(each.dag.dag_id for each in compiled if path in dict(_documents(each.resources)))
    return frozenset(blamed)


def _documents(resources: Resources) -> Iterator[tuple[str, object]]:
    """(path without its ending, document); global parameters are checked by their users."""
    yield from ((f"linkedService/{name}", document) for name, document in resources.linked_services.items())
    yield from ((f"dataset/{name}", document) for name, document in resources.datasets.items())
