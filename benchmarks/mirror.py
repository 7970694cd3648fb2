"""What mirrors of exported pipelines cost Airflow: `python -m benchmarks.mirror [parse|delay]`.

parse   100 mirrors from a factory's folder, against Airflow's DagBag on 100 files with as many tasks.
delay   a pipeline of 100 activities, 10 levels of 10 that take 5 s each, in the local Data Factory: its time, and that
        of the mirror's DAG run in a whole Airflow on this machine.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

PIPELINES, LEVELS, WIDTH, SECONDS = 100, 10, 10, 5
MARKS = [{"name": "airflow_dag_id", "value": "wide"}]
DAG_FILE = """
from airflow.sdk import DAG
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("{name}", schedule=None):
    before = None
    for number in range({tasks}):
        task = EmptyOperator(task_id=f"task_{{number}}")
        if before:
            before >> task
        before = task
"""


def parse(folder: Path) -> None:
    from airflow.dag_processing.dagbag import DagBag

    from adf_export_airflow.data_factory.mirror import mirror_dags

    source = json.loads((Path(__file__).parents[1] / "factory" / "pipeline" / "crypto_market.json").read_text())
    text = json.dumps(source["properties"])
    for number in range(PIPELINES):
        name = f"market_{number}"
        write(folder, name, json.loads(text.replace('"crypto_market"', f'"{name}"')))
    mirror_dags(folder)
    started = time.perf_counter()
    dags = mirror_dags(folder)
    mirrors = time.perf_counter() - started
    tasks = len(next(iter(dags.values())).tasks)
    files = folder / "dags"
    files.mkdir()
    for number in range(PIPELINES):
        (files / f"plain_{number}.py").write_text(DAG_FILE.format(name=f"plain_{number}", tasks=tasks))
    started = time.perf_counter()
    bag = DagBag(dag_folder=str(files))
    plain = time.perf_counter() - started
    assert len(dags) == len(bag.dags) == PIPELINES
    say(f"{PIPELINES} mirrors of {tasks} tasks: {mirrors:.2f} s; as many plain DAGs by DagBag: {plain:.2f} s")
    say(f"ratio {mirrors / plain:.2f}")


def delay(folder: Path) -> None:
    from demo.airflow_stack import AirflowStack
    from demo.family import Family
    from local_azure.endpoints import Endpoints
    from local_azure.environment import client_environment, without_proxy
    from local_azure.state import Secrets, State
    from tests.data_factory.command_line import Factory
    from tests.local_azure.running import up, wait_until

    write(folder / "factory", "wide", {"activities": list(levels())})
    dags = folder / "dags"
    dags.mkdir()
    (dags / "mirrors.py").write_text(
        "from adf_export_airflow.data_factory.mirror import mirror_dags\n"
        f"globals().update(mirror_dags({str(folder / 'factory')!r}))\n"
    )
    with up(folder / "state") as cloud, Family() as family:
        factory = Factory(state=cloud.state, name="local", folder=folder / "factory")
        assert factory.load().code == 0
        state = State(cloud.state)
        env = client_environment(state, Endpoints.read(state), Secrets.load(state)) | without_proxy({})
        plugins = Path(__file__).parents[1] / "plugins"
        stack = AirflowStack(family=family, home=folder / "airflow", dags=dags, plugins=plugins, env=env)
        stack.migrate()
        stack.start()
        api = stack.wait_healthy()
        wait_until(lambda: "wide__adf" in api.dag_ids(), seconds=120)
        api.unpause("wide__adf")
        for run_id in ("first", "second"):
            api.trigger("wide__adf", run_id=run_id, conf={}, logical_date=None)
            wait_until(lambda run_id=run_id: api.run("wide__adf", run_id).is_final, seconds=900)
            run = api.run("wide__adf", run_id)
            told = factory("runs", "--json").document[0]
            assert run.state == "success"
            assert run.started is not None
            assert run.ended is not None
            pipeline, mirror = told["durationInMs"] / 1000, (run.ended - run.started).total_seconds()
            say(f"{run_id}: pipeline of {LEVELS * WIDTH} activities {pipeline:.1f} s, its mirror {mirror:.1f} s")
            say(f"delay {mirror - pipeline:.1f} s, ratio {mirror / pipeline:.2f}")


def levels() -> Any:
    for level in range(LEVELS):
        for place in range(WIDTH):
            after = [f"a_{level - 1}_{place}", f"a_{level - 1}_{(place + 1) % WIDTH}"] if level else []
            yield {
                "name": f"a_{level}_{place}",
                "type": "Wait",
                "dependsOn": [{"activity": name, "dependencyConditions": ["Succeeded"]} for name in after],
                "userProperties": MARKS,
                "typeProperties": {"waitTimeInSeconds": SECONDS},
            }


def write(folder: Path, name: str, properties: Any) -> None:
    file = folder / "pipeline" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"name": name, "properties": properties}))


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - what a benchmark is for


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["parse", "delay"]
    for one in wanted:
        with tempfile.TemporaryDirectory() as scratch:
            {"parse": parse, "delay": delay}[one](Path(scratch))
