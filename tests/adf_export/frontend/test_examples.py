"""All of Airflow's example DAGs, those of the providers, and ours: read, or told by a code."""

import json
import subprocess
import sys
from pathlib import Path

import airflow
import pytest

from adf_export.frontend import read_dags
from adf_export.ir.dag import Dag, Reading

EXAMPLES = Path(airflow.__path__[0]) / "example_dags"
PROVIDERS = Path(airflow.__path__[0]) / "providers"
OURS = Path(__file__).parents[3] / "dags"


def examples_of_providers() -> list[Path]:
    return sorted(path for path in PROVIDERS.rglob("example_dags") if path.is_dir())


@pytest.fixture(scope="module")
def readings() -> tuple[Reading, ...]:
    return read_dags([EXAMPLES, *examples_of_providers()], root=EXAMPLES.parent, timeout_seconds=60)


def airflows_view(folder: Path) -> dict[str, set[str]]:
    """DAG ids and their task ids, as Airflow's own importer has them, in a process of its own."""
    code = """
import json, sys
from airflow.dag_processing.importers.python_importer import PythonDagImporter
importer, found = PythonDagImporter(), {}
for file in importer.list_dag_files(sys.argv[1]):
    for dag in importer.import_file(file).dags:
        found[dag.dag_id] = sorted(dag.task_dict)
print("\\n" + json.dumps(found))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, str(folder)], check=True, capture_output=True, timeout=200
    )
    return {dag_id: set(tasks) for dag_id, tasks in json.loads(done.stdout.splitlines()[-1]).items()}


def test_each_is_read_or_told(readings: tuple[Reading, ...]) -> None:
    assert len(readings) > 50
    assert [reading.file for reading in readings if not reading.dags and not reading.diagnostics] == []
    assert {found.code for reading in readings for found in reading.diagnostics} <= {
        "ADF001",
        "ADF003",
        "ADF004",
        "ADF005",
        "ADF006",
    }
    assert [
        found for reading in readings for found in reading.diagnostics if "fault of adf-export" in found.summary
    ] == []


def test_as_airflow_reads_them(readings: tuple[Reading, ...]) -> None:
    examples = [reading for reading in readings if reading.file.startswith("example_dags/")]
    ours = {dag.dag_id: {task.task_id for task in dag.tasks} for reading in examples for dag in reading.dags}
    assert ours == airflows_view(EXAMPLES)


def test_each_task_has_its_place(readings: tuple[Reading, ...]) -> None:
    dags = [dag for reading in readings for dag in reading.dags]
    assert [dag.dag_id for dag in dags if not dag.origin.line] == []
    assert [(dag.dag_id, task.task_id) for dag in dags for task in dag.tasks if not task.origin.line] == []


def test_our_own_dags() -> None:
    dags: dict[str, Dag] = {dag.dag_id: dag for reading in read_dags([OURS]) for dag in reading.dags}
    assert set(dags) == {"crypto_history", "crypto_maintenance", "crypto_market"}
    markets = dags["crypto_market"].task("land.markets")
    assert markets.operator == "adf_export_airflow.coingecko.operators.CoinGeckoMarketsToBlobOperator"
    assert markets.upstream == ("land.plan_pages", "land.resolve_coins")
    assert markets.max_active_tis_per_dagrun == 4
