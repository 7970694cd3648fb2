"""Notebooks in Databricks' source format run as there: cells, magics, widgets, errors with the file's own lines."""

import json

import pytest

from local_azure.databricks.processes import children, process_environment
from local_azure.databricks.runtime import SOURCES_VARIABLE
from tests.databricks.harness import Client, until

pytestmark = pytest.mark.integration


def worker_generations(client: Client) -> set[str]:
    """The states of the source files that Spark's Python workers were started for."""
    jvm = client.jobs.driver.jvm
    assert jvm is not None
    workers = [process_environment(child) for child in children(jvm)]
    return {worker[SOURCES_VARIABLE] for worker in workers if SOURCES_VARIABLE in worker}


def test_exit_value_widgets_and_namespace(client: Client) -> None:
    done = client.notebook(
        """import json, os, sys
dbutils.widgets.text("coin", "bitcoin")
dbutils.widgets.dropdown("mode", "warn", ["fail", "warn"])

# COMMAND ----------

from pyspark.sql import SparkSession
same = SparkSession.builder.getOrCreate() is spark and spark.sparkContext is sc
print("log line", dbutils.widgets.get("coin"))

# COMMAND ----------

dbutils.notebook.exit(json.dumps({
    "coin": dbutils.widgets.get("coin"), "mode": dbutils.widgets.get("mode"), "same": same, "main": __name__,
    "all": dbutils.widgets.getAll(), "cwd": os.getcwd(), "first": sys.path[0], "rows": sql("SELECT 1 a").count(),
}))

# COMMAND ----------

raise AssertionError("after exit")
""",
        coin="ethereum",
        only_given="7",
    )
    assert done.result == {
        "coin": "ethereum",
        "mode": "warn",
        "same": True,
        "main": "__main__",
        "all": {"coin": "ethereum", "mode": "warn", "only_given": "7"},
        "cwd": str(client.workspace),
        "first": str(client.workspace),
        "rows": 1,
    }
    assert done.output["logs"] == "log line ethereum\n"


def test_unknown_widget_is_named(client: Client) -> None:
    done = client.notebook("x = 1\n\n# COMMAND ----------\n\nprint(dbutils.widgets.get('coin'))\n")
    assert done.state == ("TERMINATED", "FAILED")
    assert done.output["error"].endswith("InputWidgetNotDefined: No input widget named coin is defined")
    assert f'File "{client.workspace}/cell.py", line 6' in done.output["error_trace"]
    assert "print(dbutils.widgets.get('coin'))" in done.output["error_trace"]


def test_error_names_file_and_line_without_our_frames(client: Client) -> None:
    done = client.notebook("def f():\n    return 1 / 0\n\n# COMMAND ----------\n\nprint('before')\nf()\n")
    assert done.state == ("TERMINATED", "FAILED")
    assert done.run["state"]["state_message"] == "Workload failed, see run output for details"
    assert done.output["error"] == "ZeroDivisionError: division by zero"
    trace = done.output["error_trace"]
    assert trace.index('cell.py", line 8, in <module>') < trace.index('cell.py", line 3, in f')
    assert "local_azure" not in trace
    assert done.output["logs"].startswith("before\nTraceback")


def test_a_syntax_error_comes_after_the_cells_before_it(client: Client) -> None:
    done = client.notebook("print('ran')\n\n# COMMAND ----------\n\ndef broken(:\n")
    assert done.state == ("TERMINATED", "FAILED")
    assert done.output["logs"].startswith("ran\n")
    assert "SyntaxError" in done.output["error"]
    assert 'cell.py", line 6' in done.output["error"]


def test_magics(client: Client) -> None:
    client.write(
        "lib/setup",
        "dbutils.widgets.text('who', 'nobody')\nfrom_setup = 40\n\n# COMMAND ----------\n\n"
        "def add(x):\n    return from_setup + x\n",
    )
    done = client.notebook(
        """# MAGIC %md
# MAGIC # A title

# COMMAND ----------

# MAGIC %run ./lib/setup $who="me"

# COMMAND ----------

# DBTITLE 1,Numbers
# MAGIC %sql
# MAGIC CREATE OR REPLACE TEMP VIEW numbers AS SELECT 1 AS n UNION ALL SELECT 2; -- a ; in a comment
# MAGIC SELECT sum(n) AS total, ';' AS semi, :coin AS coin FROM numbers

# COMMAND ----------

# MAGIC %python
# MAGIC total = _sqldf.first().total

# COMMAND ----------

# MAGIC %pip install pandas

# COMMAND ----------

import json
display(spark.table("numbers"))
displayHTML("<b>bold</b>")
dbutils.notebook.exit(json.dumps([add(2), total, dbutils.widgets.get("who"), _sqldf.first().coin]))
""",
        coin="btc",
    )
    assert done.result == [42, 3, "me", "btc"]
    assert "|    3|   ;| btc|" in done.output["logs"]
    assert "<b>bold</b>" in done.output["logs"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("# MAGIC %scala\n# MAGIC val x = 1", "cell.py:2: %scala is not run here"),
        (
            "# MAGIC %pip install no-such-thing-here",
            "cell.py:2: %pip is not run here and no-such-thing-here is not inst",
        ),
        ("# MAGIC %pip install pandas>=99", "pandas>=99 is wanted, but"),
        ("x = 1\n# MAGIC %md text", "cell.py:3: a cell mixes '# MAGIC' lines and code"),
        ("# MAGIC %run ./nowhere", "Notebook not found: /Shared/tests/nowhere"),
        ("# MAGIC %run ../../etc/passwd", "Notebook not found"),
        ("# MAGIC %sql\n# MAGIC SELECT * FROM nothing_here", "TABLE_OR_VIEW_NOT_FOUND"),
        ("spark.sql('SELECT * FROM other.bronze.t').show()", "The local Databricks has one catalog"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
    ],
)
def test_refusals(client: Client, cell: str, message: str) -> None:
    done = client.notebook(cell)
    assert done.state[1] == "FAILED"
    assert message in done.output["error"]


def test_sql_error_shows_the_line_of_its_cell(client: Client) -> None:
    done = client.notebook("x = 1\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT nothing\n")
    assert 'cell.py", line 6' in done.output["error_trace"]
    assert "# MAGIC %sql" in done.output["error_trace"]


def test_modules_are_seen_fresh_also_in_python_workers(client: Client) -> None:
    package = client.workspace / "fresh_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    notebook = """import json
from pyspark.sql.functions import udf
from fresh_package import answers
read = udf(lambda _: __import__("fresh_package.answers").answers.ANSWER, "int")
in_worker = spark.range(1).select(read("id").alias("x")).first().x
dbutils.notebook.exit(json.dumps([answers.ANSWER, in_worker]))
"""
    for answer in (1, 22):
        (package / "answers.py").write_text(f"ANSWER = {answer}\n")
        assert client.notebook(notebook).result == [answer, answer]
    until(lambda: len(worker_generations(client)) == 1, "the end of the workers with the old module")


def test_functions_of_the_notebook_run_in_workers_and_foreach_batch(client: Client) -> None:
    done = client.notebook("""import json, tempfile
from pyspark.sql.functions import udf
seen = []
def double(x):
    return 2 * x
folder = tempfile.mkdtemp()
spark.range(3).write.format("delta").save(folder + "/t")
stream = spark.readStream.format("delta").load(folder + "/t").writeStream
query = stream.foreachBatch(lambda df, n: seen.append(df.count())).option("checkpointLocation", folder + "/c")
query.trigger(availableNow=True).start().awaitTermination()
doubled = [row.x for row in spark.range(3).select(udf(double, "long")("id").alias("x")).collect()]
dbutils.notebook.exit(json.dumps([seen, doubled]))
""")
    assert done.result == [[3], [0, 2, 4]]


def test_a_run_waits_for_its_streams_and_fails_with_them(client: Client) -> None:
    done = client.notebook("""import tempfile
folder = tempfile.mkdtemp()
spark.range(3).write.format("delta").save(folder + "/t")
def fail(df, n):
    raise ValueError("bad batch")
stream = spark.readStream.format("delta").load(folder + "/t").writeStream.foreachBatch(fail)
stream.option("checkpointLocation", folder + "/c").trigger(availableNow=True).start()
""")
    assert done.state == ("TERMINATED", "FAILED")
    assert "bad batch" in done.output["error"]


def test_spark_stop_harms_nobody(client: Client) -> None:
    done = client.notebook("spark.stop()\ndbutils.notebook.exit(str(spark.range(3).count()))")
    assert done.result == 3
    assert "the cluster owns the session" in done.output["logs"]
    assert client.notebook("dbutils.notebook.exit(str(spark.range(4).count()))").result == 4


def test_notebook_runs_another_one(client: Client) -> None:
    client.write(
        "child",
        "x = 5\nspark.range(1).createOrReplaceTempView('mine')\n"
        "dbutils.notebook.exit(dbutils.widgets.get('n') + '!')\n",
    )
    client.write("bad_child", "raise KeyError('inside')\n")
    client.write("slow_child", "import time\ntime.sleep(600)\n")
    done = client.notebook("""import json
result = dbutils.notebook.run("./child", 60, {"n": 3})
errors = []
for name, seconds in (("/Shared/tests/bad_child", 60), ("slow_child", 1), ("no_child", 1)):
    try:
        dbutils.notebook.run(name, seconds)
    except Exception as error:
        errors.append(str(error))
dbutils.notebook.exit(json.dumps([result, errors, spark.catalog.tableExists("mine"), "x" in globals()]))
""")
    result, errors, leaked_view, leaked_name = done.result
    assert (result, leaked_view, leaked_name) == ("3!", False, False)
    assert "KeyError: 'inside'" in errors[0]
    assert "longer than 1 s" in errors[1]
    assert "Notebook not found" in errors[2]


def test_spark_python_task(client: Client) -> None:
    (client.workspace / "script.py").write_text(
        "import sys\nfrom pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()\n"
        "print(sys.argv[1:], __name__, spark.range(2).count())\n"
    )
    task = {"python_file": "/Workspace/Shared/tests/script.py", "parameters": ["--day", "2021-05-01", "7"]}
    run = client.wait(client.submit({"spark_python_task": task}))
    output = client.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    assert output["logs"] == "['--day', '2021-05-01', '7'] __main__ 2\n"
    assert "notebook_output" not in output


def test_sql_notebook_file(client: Client) -> None:
    (client.workspace / "report.sql").write_text(
        "-- Databricks notebook source\nSELECT 1 AS one\n\n-- COMMAND ----------\n\n"
        "-- MAGIC %python\n-- MAGIC dbutils.notebook.exit(str(_sqldf.first().one))\n"
    )
    run = client.wait(client.submit({"notebook_task": {"notebook_path": "/Shared/tests/report"}}))
    assert json.loads(client.output(run)["notebook_output"]["result"]) == 1
