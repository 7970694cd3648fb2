"""What a run process does: attach to the JVM, wait for a job, run it, tell its outcome."""

import importlib
import os
import queue
import socket
import sys
import threading
from typing import Any

from py4j.protocol import Py4JNetworkError  # type: ignore[import-untyped]
from pyspark import SparkConf, SparkContext
from pyspark.sql import SparkSession

from local_azure.databricks import notebook, python_file, spark_errors, warm_up
from local_azure.databricks.batches import name_catalog_in_batches
from local_azure.databricks.channel import Channel
from local_azure.databricks.dbutils import NotebookExit
from local_azure.databricks.jvm import connect_gateway
from local_azure.databricks.runtime import SOURCES_VARIABLE, Runtime, source_state
from local_azure.databricks.settings import DatabricksSettings
from local_azure.databricks.sql_text import databricks_sql

# runs/get-output gives the first 5 MB of a result.
MAX_RESULT = 5 * 1024 * 1024
MAX_ERROR = 100_000


class HostLink:
    """Questions of a run to the driver host. When the host is gone, so is the run."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._jobs: queue.Queue[dict[str, Any]] = queue.Queue()
        self._replies: queue.Queue[Any] = queue.Queue()
        self._asking = threading.Lock()
        threading.Thread(target=self._read, name="driver host", daemon=True).start()

    def job(self) -> dict[str, Any]:
        """Wait for the run."""
        return self._jobs.get()

    def tell(self, message: dict[str, Any]) -> None:
        """Send what needs no answer."""
        self._channel.send(message)

    def ask(self, message: dict[str, Any]) -> Any:
        """Send, and wait for the answer."""
        with self._asking:
            self._channel.send(message)
            return self._replies.get()

    def _read(self) -> None:
        for message in self._channel:
            if "job" in message:
                self._jobs.put(message["job"])
            else:
                self._replies.put(message["reply"])
        os._exit(71)


def main(sock: socket.socket, settings: DatabricksSettings, gateway: dict[str, Any]) -> None:
    """Never returns: the process ends with its run."""
    link = HostLink(Channel(sock))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    sys.stdin = os.fdopen(0, closefd=False)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    spark = attach(gateway["port"], gateway["token"])
    if settings.cloud_files:
        importlib.import_module("local_azure.cloud_files").install(spark, settings.storage)
    link.tell({"attached": True})
    job = link.job()
    outcome = execute(spark, settings, job, link)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    link.tell({"outcome": outcome})
    os._exit(0)


def attach(port: int, token: str) -> SparkSession:
    """This process' own SparkContext and session objects for the session that the host made in the JVM."""
    gateway = connect_gateway(port, token)
    java_context, java_session = gateway.entry_point.get(0), gateway.entry_point.get(1)
    conf = SparkConf(_jvm=gateway.jvm, _jconf=java_context.getConf())
    context = SparkContext(gateway=gateway, jsc=java_context, conf=conf)
    return SparkSession(context, jsparkSession=java_session)


def execute(spark: SparkSession, settings: DatabricksSettings, job: dict[str, Any], link: HostLink) -> dict[str, Any]:
    """Run the job; its outcome as the host reads it."""
    context = spark.sparkContext
    context.setJobGroup(job["attempt"], job.get("name", "run"), interruptOnCancel=True)
    # Spark keeps Python workers between runs, one pool per environment: edited code gets new workers.
    context.environment[SOURCES_VARIABLE] = source_state(settings.workspace.values())
    context.environment["PYTHONPATH"] = os.pathsep.join(map(str, settings.workspace.values()))
    runtime = Runtime(spark=spark, settings=settings, job=job, link=link)
    _refuse_stop(spark)
    _speak_databricks_sql()
    name_catalog_in_batches(settings.catalog)
    spark_errors.quiet_spark()
    try:
        match job["kind"]:
            case "notebook":
                notebook.run_task(runtime)
            case "python":
                python_file.run_task(runtime)
            case _:
                warm_up.run(spark, settings.root / "scratch", cloud_files=settings.cloud_files)
    except NotebookExit as done:
        result = done.value
        return {
            "kind": "success",
            "result": result[:MAX_RESULT],
            "truncated": len(result) > MAX_RESULT,
        }
    except BaseException as error:
        return _failure(spark_errors.translate(error, settings.catalog))
    return {"kind": "success", "result": None, "truncated": False}


def _failure(error: BaseException) -> dict[str, Any]:
    trace = spark_errors.show(error)
    sys.stderr.write(trace)
    lost = any(isinstance(cause, (Py4JNetworkError, ConnectionError)) for cause in _causes(error))
    return {
        "kind": "exited" if isinstance(error, SystemExit) else "failed",
        "error": spark_errors.summary(error)[:MAX_ERROR],
        "error_trace": trace[-MAX_ERROR:],
        "lost_driver": lost and not _reaches_spark(),
    }


def _reaches_spark() -> bool:
    """Whether the JVM still answers: tells its death from a network error of the user's own."""
    context = SparkContext._active_spark_context
    try:
        return context is not None and bool(context._jsc.version())
    except Exception:
        return False


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in found:
        found.append(current)
        current = current.__cause__ or current.__context__
    return found


def _speak_databricks_sql() -> None:
    """Let spark.sql take `USE CATALOG`, which open Spark's parser does not know."""
    plain = SparkSession.sql

    def sql(self: SparkSession, sqlQuery: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N803 - Spark's name
        return plain(self, databricks_sql(sqlQuery), *args, **kwargs)

    setattr(SparkSession, "sql", sql)  # noqa: B010 - mypy takes an assignment for a mistake


def _refuse_stop(spark: SparkSession) -> None:
    """The session belongs to the cluster: a stop by one run would end the Spark of all."""

    def stop(*_: Any) -> None:
        sys.stderr.write("spark.stop() has no effect here: the cluster owns the session\n")

    for owner in (SparkSession, SparkContext):
        setattr(owner, "stop", stop)  # noqa: B010 - mypy takes an assignment for a mistake
