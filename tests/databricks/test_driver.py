"""The warm driver: runs are isolated, a cancelled one really stops, a dead process or JVM harms no other run."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.databricks.harness import Client, Done, served, settings_in, until

pytestmark = pytest.mark.integration

# A Spark job that lasts for minutes and says where it is.
ENDLESS = """import time
from pyspark.sql.functions import udf
print("begun", flush=True)
slow = udf(lambda x: (time.sleep(3600), x)[1], "long")
spark.range(4).select(slow("id")).collect()
"""


def state(run: dict[str, Any]) -> tuple[str, str]:
    return run["state"]["life_cycle_state"], run["state"]["result_state"]


def active_jobs(client: Client) -> int:
    """How many Spark jobs run now, as a run of its own sees it."""
    done = client.notebook("dbutils.notebook.exit(str(len(sc._jsc.statusTracker().getActiveJobIds())))", name="count")
    return int(done.result)


def test_sessions_are_isolated(client: Client) -> None:
    first = client.notebook("""import os
spark.conf.set("spark.sql.shuffle.partitions", "7")
spark.range(3).createOrReplaceTempView("mine")
spark.sql("SET my.setting = 1")
leaked = 1
os.environ["LEAKED"] = "1"
dbutils.notebook.exit(spark.conf.get("spark.sql.shuffle.partitions"))
""")
    assert first.result == 7
    second = client.notebook("""import json, os
dbutils.notebook.exit(json.dumps([
    spark.conf.get("spark.sql.shuffle.partitions"), spark.catalog.tableExists("mine"),
    spark.conf.get("my.setting", "none"), "leaked" in globals(), "LEAKED" in os.environ,
]))
""")
    assert second.result == ["2", False, "none", False, False]


def test_runs_at_the_same_time_keep_their_logs_and_views_apart(client: Client) -> None:
    source = """import time
me = dbutils.widgets.get("me")
spark.sql(f"SELECT '{me}' AS me").createOrReplaceTempView("shared_name")
print("I am", me)
seen = {spark.table("shared_name").first().me for _ in range(20)}
dbutils.notebook.exit(str(sorted(seen)).replace("'", '"'))
"""
    path = client.write("parallel", source)
    runs = [
        client.submit({"notebook_task": {"notebook_path": path, "base_parameters": {"me": f"run{n}"}}})
        for n in range(4)
    ]
    for number, run_id in enumerate(runs):
        run = client.wait(run_id)
        done = Done(run, client.output(run))
        assert done.result == [f"run{number}"]
        assert done.output["logs"] == f"I am run{number}\n"


def test_cancel_stops_the_spark_job(client: Client) -> None:
    run_id = client.start(ENDLESS, "endless")
    client.await_log(run_id, "begun")
    until(lambda: active_jobs(client) == 1, "the Spark job")
    assert client.post("jobs/runs/cancel", {"run_id": run_id}).json() == {}
    run = client.wait(run_id)
    assert state(run) == ("TERMINATED", "CANCELED")
    assert run["status"]["termination_details"]["code"] == "USER_CANCELED"
    assert active_jobs(client) == 0


def test_cancel_stops_a_stream(client: Client) -> None:
    run_id = client.start(
        """import tempfile
folder = tempfile.mkdtemp()
stream = spark.readStream.format("rate").load().writeStream.format("delta")
query = stream.option("checkpointLocation", folder + "/c").start(folder + "/t")
print("begun", flush=True)
query.awaitTermination()
""",
        "endless_stream",
    )
    client.await_log(run_id, "begun")
    client.post("jobs/runs/cancel", {"run_id": run_id})
    assert state(client.wait(run_id)) == ("TERMINATED", "CANCELED")
    assert active_jobs(client) == 0


def test_time_limit_of_a_run_stops_it(client: Client) -> None:
    run_id = client.start("import time\ntime.sleep(600)\n", "slow", timeout_seconds="1")
    run = client.wait(run_id)
    assert state(run) == ("TERMINATED", "TIMEDOUT")
    assert run["state"]["state_message"] == "Run timed out: it took longer than timeout_seconds=1"
    assert run["end_time"] - run["tasks"][0]["start_time"] < 60_000


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
        ("import os; os._exit(5)", "exit code 5"),
        ("import ctypes; ctypes.string_at(0)", "killed by SIGSEGV"),
        ("import sys; sys.exit(0)", "ended by sys.exit"),
    ],
)
def test_a_dead_process_ends_its_run_only(client: Client, death: str, words: str) -> None:
    done = client.notebook(f"print('last words', flush=True)\n{death}\n")
    assert done.state == ("INTERNAL_ERROR", "FAILED")
    assert words in done.run["state"]["state_message"]
    assert done.output["logs"].startswith("last words\n")
    assert client.notebook("dbutils.notebook.exit(str(spark.range(5).count()))").result == 5


def test_what_a_run_started_ends_with_it(client: Client) -> None:
    done = client.notebook("""import subprocess
child = subprocess.Popen(["sleep", "3600"])
dbutils.notebook.exit(str(child.pid))
""")
    until(lambda: not psutil.pid_exists(done.result), "the end of the child")


def test_a_dead_jvm_ends_its_runs_and_is_replaced(client: Client) -> None:
    client.notebook("""spark.sql("CREATE SCHEMA IF NOT EXISTS crypto.survivors")
spark.sql("CREATE OR REPLACE TABLE crypto.survivors.t USING DELTA AS SELECT 41 AS x")
spark.sql("INSERT INTO crypto.survivors.t VALUES (1)")
""")
    run_id = client.start(ENDLESS, "endless")
    client.await_log(run_id, "begun")
    old = client.jobs.driver.jvm
    assert old is not None
    os.kill(old, signal.SIGKILL)
    run = client.wait(run_id)
    assert state(run) == ("INTERNAL_ERROR", "FAILED")
    assert "The Spark driver died: the Spark JVM ended (killed by SIGKILL" in run["state"]["state_message"]
    assert "Spark driver died" in client.output(run)["error"]
    done = client.notebook("dbutils.notebook.exit(str(spark.sql('SELECT sum(x) s FROM crypto.survivors.t').first().s))")
    assert done.result == 42
    assert client.jobs.driver.jvm not in (None, old)


def test_a_killed_driver_leaves_no_process_behind(client: Client) -> None:
    run_id = client.start(ENDLESS, "endless")
    client.await_log(run_id, "begun")
    until(lambda: active_jobs(client) == 1, "the Spark job with its Python worker")
    jvm = client.jobs.driver.jvm
    assert jvm is not None
    host = psutil.Process(jvm).parent()
    assert host is not None
    family = [host, *host.children(recursive=True)]
    assert len(family) > 4
    host.kill()
    assert state(client.wait(run_id)) == ("INTERNAL_ERROR", "FAILED")
    until(lambda: not any(process.is_running() for process in family), "the end of all its processes")
    assert client.notebook("dbutils.notebook.exit(str(spark.range(6).count()))").result == 6


def test_a_stack_overflow_in_a_task_fails_its_run_and_not_the_driver(client: Client) -> None:
    """An executor ends its JVM (code 50) at such an error; here that JVM serves all other runs too."""
    overflow = "spark.range(1).selectExpr(\"repeat('a', 500000 + int(id)) rlike '(a|b)*'\").collect()"
    assert client.notebook("dbutils.notebook.exit('5')").result == 5
    jvm = client.jobs.driver.jvm
    failed = client.notebook(overflow)
    assert failed.state == ("TERMINATED", "FAILED")
    assert "StackOverflowError" in failed.output["error"]
    assert client.notebook("dbutils.notebook.exit(str(spark.range(7).count()))").result == 7
    assert client.jobs.driver.jvm == jvm


def test_the_jvm_has_room_for_all_code_that_it_compiles(client: Client) -> None:
    """A JVM that runs out of room throws compiled code away: slow, and told by no error."""
    room = client.notebook("""factory = sc._jvm.java.lang.management.ManagementFactory
pools = factory.getMemoryPoolMXBeans()
dbutils.notebook.exit(str(sum(pool.getUsage().getMax() for pool in pools if "Code" in pool.getName()) >> 20))
""")
    assert room.result >= 200


def test_a_second_stream_uses_the_python_workers_of_the_first(client: Client, tmp_path: Path) -> None:
    reader = 'spark.readStream.format("cloudFiles").option("cloudFiles.format", "json").schema("n INT")'
    path = client.write(
        "stream",
        f"""folder = {str(tmp_path)!r}
writer = {reader}.load(folder).writeStream.trigger(availableNow=True)
writer.option("checkpointLocation", folder + "/_checkpoint").start(folder + "/_table").awaitTermination()
""",
    )
    planners = []
    for number in range(2):
        (tmp_path / f"{number}.json").write_text('{"n": 1}')
        run_id = client.submit({"run_name": "stream", "notebook_task": {"notebook_path": path}})
        assert state(client.wait(run_id)) == ("TERMINATED", "SUCCESS")
        assert client.jobs.driver.jvm is not None
        started = psutil.Process(client.jobs.driver.jvm).children()
        planners.append(
            {child.pid for child in started if "pyspark.sql.worker.plan_data_source_read" in child.cmdline()}
        )
    assert planners[0]
    assert planners[0] == planners[1]


def test_a_second_owner_of_the_metastore_is_told_whose_it_is(client: Client, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    shared = client.jobs.settings
    other = replace(settings, metastore=shared.metastore, warehouse=shared.warehouse)
    with served(other, tmp_path / "workspace") as second:
        done = second.notebook("pass")
        assert done.state == ("INTERNAL_ERROR", "FAILED")
        assert "is in use by process" in done.run["state"]["state_message"]
        assert second.jobs.driver.status == "failed"
