"""Times the compiler: against Airflow's own parse of the same DAGs, with nothing changed, and counts its helpers.

`python benchmarks/compile.py`. All parts run in one go, on DAGs that are made in a temporary folder:

- 100 DAGs of 50 tasks: read, compiled and written, against Airflow's DagBag of the same folder, which is what Airflow
  itself does with them (aim: the compiler adds at most as much again, so at most 2 times)
- 1,000 DAGs, nothing changed: read from the cache, Airflow is not imported (aim: 0.5 s)
- Airflow's example DAGs: activities and helpers for each DAG that can be exported
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from adf_export.backends.git import write  # noqa: E402 - found by the line above
from adf_export.environment import Connection, Environment  # noqa: E402
from adf_export.frontend import read_dags  # noqa: E402
from adf_export.ir.factory import Activity, Role  # noqa: E402
from adf_export.session import compile_paths  # noqa: E402

DAGS = 100
TASKS = 50
MANY = 1_000
TASKS_OF_MANY = 10
AIMED_RATIO = 2.0
AIMED_UNCHANGED_SECONDS = 0.5
ENVIRONMENT = Environment(
    name="benchmark",
    location="westeurope",
    key_vault="https://kv-benchmark.vault.azure.net",
    connections={
        "api": Connection(conn_id="api", type="http", host="https://api.example.com"),
        "bricks": Connection(
            conn_id="bricks", type="databricks", host="https://adb-1.7.azuredatabricks.net", secret="databricks-token"
        ),
    },
)
QUIET = {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"}
HEAD = """\
from datetime import datetime, timedelta

from airflow.providers.databricks.operators.databricks import DatabricksSubmitRunOperator
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("{dag_id}", schedule=None, start_date=datetime(2026, 1, 1), default_args={{"retries": 1}}) as dag:
"""
# A third each.
KINDS = (
    "EmptyOperator(task_id={task_id!r})",
    "HttpOperator(task_id={task_id!r}, http_conn_id='api', endpoint='rows/{{{{ ds }}}}', method='GET', "
    "execution_timeout=timedelta(minutes=5))",
    "DatabricksSubmitRunOperator(task_id={task_id!r}, databricks_conn_id='bricks', existing_cluster_id='c-1', "
    "notebook_task={{'notebook_path': '/jobs/load', 'base_parameters': {{'day': '{{{{ ds }}}}'}}}})",
)
AIRFLOW = """
import sys, time
from airflow.dag_processing.dagbag import DagBag
begun = time.perf_counter()
bag = DagBag(sys.argv[1])
assert not bag.import_errors, bag.import_errors
print("SECONDS", time.perf_counter() - begun, len(bag.dags))
"""


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def make_dags(folder: Path, count: int, tasks: int) -> None:
    """Each DAG: two chains of tasks that meet at every fifth one."""
    folder.mkdir()
    for number in range(count):
        dag_id = f"dag_{number:04}"
        lines = [f"    t{n} = {KINDS[n % len(KINDS)].format(task_id=f't{n}')}\n" for n in range(tasks)]
        edges = [f"    t{n - 2} >> t{n}\n" for n in range(2, tasks)]
        edges += [f"    t{n - 1} >> t{n}\n" for n in range(5, tasks, 5)]
        (folder / f"{dag_id}.py").write_text(HEAD.format(dag_id=dag_id) + "".join([*lines, *edges]), encoding="utf-8")


def airflow_seconds(folder: Path) -> tuple[float, float]:
    """Of a process that parses the folder: all of it, and the parse alone."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"AIRFLOW_HOME": home, **QUIET}
        begun = time.perf_counter()
        command = [sys.executable, "-W", "ignore", "-c", AIRFLOW, str(folder)]
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=True)
        return time.perf_counter() - begun, float(done.stdout.rsplit("SECONDS", 1)[1].split()[0])


def compile_against_airflow() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dags = Path(folder) / "dags"
        make_dags(dags, DAGS, TASKS)
        whole, parse = airflow_seconds(dags)
        begun = time.perf_counter()
        session = compile_paths([dags], ENVIRONMENT)
        read_and_compiled = time.perf_counter() - begun
        write(session.factory, Path(folder) / "out")
        ours = time.perf_counter() - begun
        if len(session.exported) != DAGS:
            raise SystemExit(f"{DAGS - len(session.exported)} DAGs are not exported: {session.diagnostics[:3]}")
        say(f"{DAGS} DAGs of {TASKS} tasks: Airflow's DagBag {whole:.1f} s (the parse alone {parse:.1f} s)")
        say(f"  read, compiled, written: {ours:.1f} s = {ours / whole:.2f} times (aim {AIMED_RATIO:g})")
        say(f"  of these, written: {ours - read_and_compiled:.1f} s")


def unchanged() -> None:
    with tempfile.TemporaryDirectory() as folder:
        dags, cache = Path(folder) / "dags", Path(folder) / "cache"
        make_dags(dags, MANY, TASKS_OF_MANY)
        begun = time.perf_counter()
        read_dags([dags], cache=cache)
        say(f"{MANY:,} DAGs of {TASKS_OF_MANY} tasks: read in {time.perf_counter() - begun:.1f} s")
        # The stat of a file counts once the file is two seconds old.
        time.sleep(2)
        read_dags([dags], cache=cache)
        taken = []
        for _ in range(3):
            begun = time.perf_counter()
            read_dags([dags], cache=cache)
            taken.append(time.perf_counter() - begun)
        seconds = min(taken)
        if any(name.partition(".")[0] == "airflow" for name in sys.modules):
            raise SystemExit("airflow is imported")
        say(f"  nothing changed: {seconds:.2f} s = {seconds / AIMED_UNCHANGED_SECONDS:.2f} of the aim")


def helpers() -> None:
    import importlib.util

    airflow = importlib.util.find_spec("airflow")
    assert airflow is not None
    examples = Path(str(airflow.submodule_search_locations[0])) / "example_dags"  # type: ignore[index]
    session = compile_paths([examples], ENVIRONMENT)
    counts = [
        (sum(one.role is Role.HELPER for one in found), len(found))
        for pipeline in session.factory.pipelines
        for found in [list(activities_of(pipeline.activities))]
    ]
    total = len(session.compiled)
    say(f"Airflow's example DAGs: {len(session.exported)} of {total} exported, {len(counts)} pipelines")
    if counts:
        mean = statistics.mean(helper for helper, _ in counts)
        say(f"  {mean:.2f} helpers a pipeline, of {statistics.mean(count for _, count in counts):.2f} activities")


def activities_of(activities: Iterable[Activity]) -> Iterator[Activity]:
    """With those inside of others."""
    for activity in activities:
        yield activity
        for body in activity.bodies:
            yield from activities_of(body.activities)


if __name__ == "__main__":
    compile_against_airflow()
    unchanged()
    helpers()
