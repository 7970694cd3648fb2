"""factory/ is what our DAGs become today, and both judges of documents find it valid."""

from pathlib import Path

import pytest

from adf_export.backends.git import MANIFEST, git_files
from adf_export.codes import Severity
from adf_export.compiler import assemble, compile_dag
from adf_export.environment import read_environment
from adf_export.frontend import read_dags
from adf_export.ir.factory import Factory
from adf_export.validate import validate
from adf_export.validate.secrets import find_secrets
from tests.adf_export.running import refusals

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "factory"
COMMAND = "adf-export compile dags --out factory --format git --env environments/production.toml"
DAGS = {"crypto_history", "crypto_maintenance", "crypto_market"}


@pytest.fixture(scope="module")
def factory() -> Factory:
    environment = read_environment(ROOT / "environments" / "production.toml")
    dags = {dag.dag_id: dag for reading in read_dags([ROOT / "dags"]) for dag in reading.dags}
    compiled = [compile_dag(dag, environment, dags) for dag in dags.values()]
    found = [one for dag in compiled for one in dag.diagnostics if one.severity is Severity.ERROR]
    assert found == []
    return assemble(compiled, environment)


def test_the_folder_is_not_stale(factory: Factory) -> None:
    wanted = git_files(factory)
    present = {path.relative_to(FOLDER).as_posix(): path for path in FOLDER.rglob("*") if path.is_file()}
    stale = sorted(
        path
        for path in {*wanted, *present} - {MANIFEST}
        if path not in present or wanted.get(path) != present[path].read_text(encoding="utf-8")
    )
    assert not stale, f"{', '.join(stale)} in factory/ is stale, run: {COMMAND}"


def test_every_dag_is_a_pipeline(factory: Factory) -> None:
    assert {pipeline.name for pipeline in factory.pipelines} == DAGS


def test_it_is_valid_and_holds_no_secret(factory: Factory) -> None:
    assert validate(factory) == ()
    assert refusals(factory) == []
    assert find_secrets(factory) == ()
