"""Times the local Data Factory: a chain against Airflow's dag.test(), loops, many runs, many documents, the start.

`python benchmarks/data_factory.py`. All parts run in one go, each on a fresh store in a temporary folder:

- a chain of 50 activities that do nothing against a DAG of 50 such tasks in `dag.test()` (aim: 50 times as fast)
- ForEach over 1,000, 2,000, ... 10,000 items: seconds an item (aim: the same for all, it is linear)
- 1,000 runs at once: seconds and memory
- PUT of 1,000 pipelines of ten activities, validated, over HTTP
- `local-azure up --no-spark` until it is healthy (aim: 2 s)
"""

import asyncio
import json
import os
import resource
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx

PROJECT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(PROJECT))

from local_azure.data_factory.activities import TYPES  # noqa: E402 - found by the line above
from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart  # noqa: E402
from local_azure.data_factory.engine import Engine  # noqa: E402
from local_azure.data_factory.store import SqlStore  # noqa: E402
from tests.data_factory.harness import (  # noqa: E402
    FACTORY,
    KEY,
    Pipelines,
    activity,
    expression,
    pipeline,
    services_of,
)

TASKS = 50
AIMED_RATIO = 50
LOOPS = (1_000, 2_000, 5_000, 10_000)
RUNS = 1_000
DOCUMENTS = 1_000
AIMED_START_SECONDS = 2.0
DAG = f"""
import datetime
from airflow.sdk import dag, task

@task
def nothing(before=None):
    return None

@dag(schedule=None, start_date=datetime.datetime(2026, 1, 1))
def chain():
    last = None
    for _ in range({TASKS}):
        last = nothing.override(task_id=f"t{{_}}")(last)

chain()
"""


async def _nothing(context: ActivityContext) -> dict[str, Any]:
    return {}


NOTHING = ActivityType(name="Nothing", run=_nothing, properties=frozenset(), after_restart=AfterRestart.REPEAT)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def with_engine(definition: dict[str, Any], main: Callable[[Engine], Awaitable[None]]) -> float:
    """Seconds that something takes on a fresh engine."""

    async def life(folder: Path) -> float:
        store = SqlStore(folder / "runs.db", key=KEY)
        documents = Pipelines(pipelines={"main": definition})
        engine = Engine(store, documents, services_of(), store, {**TYPES, "Nothing": NOTHING})
        await engine.start()
        begun = time.perf_counter()
        await main(engine)
        seconds = time.perf_counter() - begun
        await engine.stop()
        await engine.services.http.aclose()
        store.close()
        return seconds

    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(life(Path(folder)))


async def run_many(engine: Engine, count: int = 1) -> None:
    runs = [engine.create_run(FACTORY, "main", {}) for _ in range(count)]
    for run in runs:
        ended = await engine.finished(run.run_id)
        if ended.status != "Succeeded":
            raise SystemExit(f"run {ended.run_id} is {ended.status}: {ended.message}")


def chain_seconds() -> float:
    steps = [activity(f"A{index}", "Nothing", [f"A{index - 1}"] if index else []) for index in range(TASKS)]
    return min(with_engine(pipeline(*steps), run_many) for _ in range(3))


def dag_test_seconds() -> float:
    """Of the DAG's run alone: Airflow's imports and its database are ready before."""
    with tempfile.TemporaryDirectory() as home:
        dags = Path(home) / "dags"
        dags.mkdir()
        (dags / "chain.py").write_text(DAG)
        env = os.environ | {
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        }
        migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=env, check=True, capture_output=True)
        script = (
            "import time, runpy\n"
            f"dag = runpy.run_path({str(dags / 'chain.py')!r})['chain']()\n"
            "begun = time.perf_counter()\n"
            "dag.test()\n"
            "print('SECONDS', time.perf_counter() - begun)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], env=env, check=True, capture_output=True, text=True)
        return float(done.stdout.rsplit("SECONDS", 1)[1])


def loop_seconds(items: int) -> float:
    loop = activity("L", "ForEach", items=expression(f"@range(0, {items})"), activities=[activity("N", "Nothing")])
    return with_engine(pipeline(loop), run_many)


def start_and_put() -> None:
    """Starts the whole service as a user does and PUTs into it as a client does."""
    with tempfile.TemporaryDirectory() as state:
        command = [str(Path(sys.executable).parent / "local-azure")]
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*command, "up", "--state", state, "--ports", "free", "--no-spark", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            _document(process)
            seconds = time.perf_counter() - begun
            say(f"up --no-spark: {seconds:.2f} s = {seconds / AIMED_START_SECONDS:.2f} of the aim")
            _put(_environment(command, state))
        finally:
            process.terminate()
            process.wait(30)


def _document(process: "subprocess.Popen[str]") -> str:
    """The first JSON document that the process prints."""
    text = ""
    for line in process.stdout or ():
        text += line
        if line.rstrip() == "}":
            return text
    raise SystemExit("local-azure up ended before it was ready")


def _environment(command: list[str], state: str) -> dict[str, str]:
    """What `local-azure env` tells a client."""
    done = subprocess.run([*command, "env", "--state", state, "--json"], capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _put(env: dict[str, str]) -> None:
    query = {"resource": "https://management.azure.com/", "api-version": "2019-08-01"}
    answer = httpx.get(env["IDENTITY_ENDPOINT"], params=query, headers={"X-IDENTITY-HEADER": env["IDENTITY_HEADER"]})
    factory = (
        f"{env['AZURE_RESOURCE_MANAGER_URL']}/subscriptions/{env['AZURE_SUBSCRIPTION_ID']}/resourceGroups/"
        f"{env['AZURE_RESOURCE_GROUP']}/providers/Microsoft.DataFactory/factories/{env['AZURE_DATA_FACTORY']}"
    )
    steps = [activity(f"A{index}", "Wait", [f"A{index - 1}"] if index else []) for index in range(10)]
    body = {"properties": pipeline(*steps)}
    context = ssl.create_default_context(cafile=env["REQUESTS_CA_BUNDLE"])
    token = answer.raise_for_status().json()["access_token"]
    with httpx.Client(verify=context, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        begun = time.perf_counter()
        for index in range(DOCUMENTS):
            url = f"{factory}/pipelines/p{index}?api-version=2018-06-01"
            client.put(url, json=body).raise_for_status()
        seconds = time.perf_counter() - begun
    say(f"PUT of {DOCUMENTS:,} pipelines of 10 activities: {seconds:.1f} s, {seconds / DOCUMENTS * 1e3:.1f} ms each")


def main() -> None:
    ours, theirs = chain_seconds(), dag_test_seconds()
    ratio = theirs / ours
    say(f"chain of {TASKS}: {ours * 1e3:.0f} ms, dag.test() {theirs:.1f} s: {ratio:.0f} x (aim {AIMED_RATIO} x)")
    for items in LOOPS:
        seconds = loop_seconds(items)
        say(f"ForEach over {items:,}: {seconds:.2f} s, {seconds / items * 1e6:.0f} us an item")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    steps = [activity("A", "Nothing"), activity("B", "Nothing", ["A"])]
    seconds = with_engine(pipeline(*steps), lambda engine: run_many(engine, RUNS))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    say(f"{RUNS:,} runs at once: {seconds:.2f} s, {grown:.0f} MB more at the peak")
    start_and_put()


if __name__ == "__main__":
    main()
