"""Compiles folders of DAGs from their files to a factory, as the command line does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from adf_export.compiler import Compiled, assemble, compile_dag
from adf_export.diagnostics import Diagnostic, in_order
from adf_export.environment import read_environment
from adf_export.ir.dag import Reading
from adf_export.ir.factory import Factory


@dataclass(frozen=True)
class Exported:
    """What one folder became."""

    factory: Factory
    compiled: tuple[Compiled, ...]
    diagnostics: tuple[Diagnostic, ...]


def export(root: Path, folders: Sequence[str], environment_file: Path) -> Mapping[str, Exported]:
    """Folder -> what its DAGs became; each folder is a factory of its own."""
    frontend = pytest.importorskip("adf_export.frontend.reading", reason="the front-end is not installed")
    environment = read_environment(environment_file)
    found = {}
    for folder in folders:
        readings: tuple[Reading, ...] = frontend.read_folder(root / folder)
        dags = {dag.dag_id: dag for reading in readings for dag in reading.dags}
        compiled = tuple(compile_dag(dag, environment, dags) for dag in dags.values())
        told = [item for reading in readings for item in reading.diagnostics]
        told += [item for one in compiled for item in one.diagnostics]
        found[folder] = Exported(factory=assemble(compiled, environment), compiled=compiled, diagnostics=in_order(told))
    return found
