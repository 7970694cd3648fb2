"""Starts the one Spark JVM and prepares isolated sessions in it."""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from local_azure.databricks.errors import DriverError
from local_azure.databricks.processes import die_with_parent
from local_azure.spark_jars import PYTHON_WORKERS, delta_jars

# What Spark's own launcher passes (org.apache.spark.launcher.JavaModuleOptions); started directly, because the
# launcher is a JVM of its own and costs half a second.
MODULE_OPTIONS = (
    "-XX:+IgnoreUnrecognizedVMOptions",
    "--add-modules=jdk.incubator.vector",
    *(
        f"--add-opens=java.base/{package}=ALL-UNNAMED"
        for package in (
            "java.lang",
            "java.lang.invoke",
            "java.lang.reflect",
            "java.io",
            "java.net",
            "java.nio",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "jdk.internal.ref",
            "sun.nio.ch",
            "sun.nio.cs",
            "sun.security.action",
            "sun.util.calendar",
        )
    ),
    "--add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED",
    "-Djdk.reflect.useDirectMethodHandle=false",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Dio.netty.allocator.type=pooled",
    "-Dio.netty.handler.ssl.defaultEndpointVerificationAlgorithm=NONE",
    "--enable-native-access=ALL-UNNAMED",
    "-Dfile.encoding=UTF-8",
)

LOG4J = """\
status = error
rootLogger.level = warn
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
# Told at every start by a metastore that is made on the spot, and by sessions that share one: nothing to act on.
logger.hive.name = org.apache.hadoop.hive
logger.hive.level = error
logger.hiveconf.name = org.apache.spark.sql.hive
logger.hiveconf.level = error
logger.datanucleus.name = DataNucleus
logger.datanucleus.level = error
logger.metastore.name = hive.metastore
logger.metastore.level = error
logger.handler.name = org.apache.hadoop.hive.metastore.RetryingHMSHandler
logger.handler.level = off
logger.manager.name = org.apache.spark.sql.execution.streaming
logger.manager.level = error
"""

# Generous: on a machine that does other things too, the JVM can take long.
START_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JvmSettings:
    """Where the JVM keeps its files and how large it may grow."""

    root: Path
    warehouse: Path
    metastore: Path
    heap: str
    cores: int
    python: str
    catalog: str


def spark_conf(settings: JvmSettings) -> dict[str, str]:
    """The configuration of the one SparkContext."""
    metastore_db = settings.metastore / "metastore_db"
    return {
        "spark.master": f"local[{settings.cores}]",
        "spark.app.name": "local-databricks",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": settings.heap,
        "spark.pyspark.python": settings.python,
        "spark.scheduler.mode": "FAIR",
        "spark.local.dir": str(settings.root / "scratch"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.catalogImplementation": "hive",
        "spark.sql.warehouse.dir": str(settings.warehouse),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        f"spark.sql.catalog.{settings.catalog}": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.sources.default": "delta",
        "spark.sql.legacy.createHiveTableByDefault": "false",
        # Delta 4.4's parser does not know Spark 4.2's early substitution of :parameters, and loses them.
        "spark.sql.legacy.parameterSubstitution.constantsOnly": "true",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        # Compiling Java for each query costs more than it saves on a laptop's data: a third of the lakehouse's time.
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.codegen.factoryMode": "NO_CODEGEN",
        "spark.databricks.delta.snapshotPartitions": "2",
        # VACUUM lists files with so many tasks; the default is 10,000.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={metastore_db};create=true",
        "spark.hadoop.datanucleus.schema.autoCreateAll": "true",
        "spark.hadoop.hive.metastore.schema.verification": "false",
        # A stream works in a clone of its session. With isolated artifacts its Python workers carry that clone's id, so
        # that each stream would start a worker daemon of its own, which nothing ends and no other stream uses.
        "spark.sql.artifact.isolation.enabled": "false",
        # A stream that is stuck in a call must not block the end of its run for ever.
        "spark.sql.streaming.stopTimeout": "10000",
        # An executor ends its JVM (code 50) at a fatal error in a task, such as a stack overflow in a regex.
        # Here that JVM serves all runs: the error fails the task. Out of memory still ends it, by the option above.
        "spark.executor.killOnFatalError.depth": "0",
        **PYTHON_WORKERS,
    }


class Jvm:
    """The JVM process and its py4j gateway."""

    def __init__(self, settings: JvmSettings) -> None:
        self.settings = settings
        self.gateway: Any = None
        self.context: Any = None
        self._root_session: Any = None
        self._conn_info = settings.root / "scratch" / "gateway"
        self.process = self._launch()

    def _launch(self) -> subprocess.Popen[bytes]:
        """Start java now; `connect` waits for it, so that the caller can import pyspark meanwhile."""
        settings = self.settings
        scratch = settings.root / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        for folder in (scratch, settings.metastore, settings.warehouse):
            folder.mkdir(parents=True, exist_ok=True)
        (scratch / "log4j2.properties").write_text(LOG4J)
        command = [
            java_binary(os.environ),
            f"-Xmx{settings.heap}",
            # Without compiled code a deep expression is a deep recursion.
            "-Xss4m",
            # One heap space error leaves Spark in an unknown state: end, be restarted, report.
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+UseSerialGC",
            # Small data, many different plans: the optimising compiler costs more than it gives. Without it a start
            # takes half the processor time and a MERGE two thirds (measured).
            "-XX:TieredStopAtLevel=1",
            # That option shrinks the room for compiled code to 48 MB, and the lakehouse needs more (65 MB): a full JVM
            # throws compiled code away and interprets it again, time after time.
            "-XX:ReservedCodeCacheSize=256m",
            f"-Djava.io.tmpdir={scratch}",
            f"-Dderby.system.home={settings.metastore}",
            f"-Dderby.stream.error.file={settings.metastore / 'derby.log'}",
            f"-Dlog4j2.configurationFile={(scratch / 'log4j2.properties').as_uri()}",
            *MODULE_OPTIONS,
            "-cp",
            os.pathsep.join([f"{spark_home() / 'jars'}/*", *map(str, delta_jars())]),
            "org.apache.spark.api.python.PythonGatewayServer",
        ]
        environment = dict(os.environ) | {
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._conn_info),
            "SPARK_HOME": str(spark_home()),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_SCALA_VERSION": "2.13",
            "PYSPARK_PYTHON": settings.python,
            "PYSPARK_DRIVER_PYTHON": settings.python,
        }
        return subprocess.Popen(
            command,
            # The gateway ends itself when this pipe closes, so it cannot outlive its owner even where prctl is missing.
            stdin=subprocess.PIPE,
            env=environment,
            cwd=scratch,
            preexec_fn=_in_the_jvm,
        )

    def connect(self) -> None:
        """Wait for the gateway, then make the SparkContext, the metastore and the first session."""
        deadline = time.monotonic() + START_SECONDS
        while not self._conn_info.exists():
            if self.process.poll() is not None:
                raise DriverError(
                    f"java ended with code {self.process.returncode} before Spark was up; Spark needs Java 17 or 21, "
                    f"here is {java_version()}; what it said is in driver.log of {self.settings.root / 'logs'}"
                )
            if time.monotonic() > deadline:
                raise DriverError(f"java did not open its gateway within {START_SECONDS:.0f} s")
            time.sleep(0.02)
        with self._conn_info.open("rb") as info:
            port = struct.unpack("!i", info.read(4))[0]
            token = _read_text(info)
        self.gateway = connect_gateway(port, token)
        java = self.gateway.jvm
        conf = java.org.apache.spark.SparkConf(False)
        for key, value in spark_conf(self.settings).items():
            conf.set(key, value)
        self.context = java.org.apache.spark.api.java.JavaSparkContext(conf)
        java.org.apache.spark.sql.classic.SparkSession.clearDefaultSession()
        self._root_session = java.org.apache.spark.sql.classic.SparkSession(self.context.sc(), {})
        self.own_default_session()
        self._root_session.sql("SHOW SCHEMAS").count()

    def own_default_session(self) -> None:
        """Make the root session the JVM's default again: attaching a run process sets its own, for all others too."""
        self.gateway.jvm.org.apache.spark.sql.classic.SparkSession.setDefaultSession(self._root_session)

    def new_session(self) -> "RunSession":
        """A session of its own views and settings, with a py4j server of its own."""
        session = self._root_session.newSession()
        java = self.gateway.jvm
        sessions = java.org.apache.spark.sql.classic.SparkSession
        # The catalog manager reads the settings of the thread's active session.
        sessions.setActiveSession(session)
        alias_catalog(session, self.settings.catalog)
        sessions.clearActiveSession()
        entry = java.java.util.ArrayList()
        entry.add(self.context)
        entry.add(session)
        token = secrets.token_urlsafe(32)
        builder = getattr(java, "py4j.ClientServer$ClientServerBuilder")(entry)
        server = builder.authToken(token).javaPort(0).build()
        server.startServer()
        port = server.getJavaServer().getListeningPort()
        return RunSession(jvm=self, session=session, server=server, port=port, token=token)

    def drop_caches(self) -> None:
        """Free what ended runs left cached: cached data belongs to the JVM, not to a session."""
        self._root_session.catalog().clearCache()

    def stop(self, *, seconds: float = 5.0) -> None:
        """End the JVM: politely by closing its input, by force when it does not listen."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSession:
    """One run's session, seen from the driver host: the handle that cancels its work."""

    jvm: Jvm
    session: Any
    server: Any
    port: int
    token: str

    def interrupt(self, group: str) -> None:
        """Cancel the Spark jobs of the run, those it would start next included."""
        self.jvm.context.sc().cancelJobGroupAndFutureJobs(group)
        self.session.interruptAll()

    def end(self, group: str, *, seconds: float = 10.0) -> None:
        """Stop what still runs for this session, streams included, then free what its process held in the JVM."""
        tracker = self.jvm.context.statusTracker()
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for query in self.session.streams().active():
                query.stop()
            active = set(tracker.getActiveJobIds()) & set(tracker.getJobIdsForGroup(group))
            if not active:
                break
            self.interrupt(group)
            time.sleep(0.05)
        self.server.shutdown()


def alias_catalog(session: Any, catalog: str) -> None:
    """Make `<catalog>.<schema>.<table>` name the session catalog's tables in this session."""
    manager = session.sessionState().catalogManager()
    manager.catalog(catalog).setDelegateCatalog(manager.v2SessionCatalog())


def connect_gateway(port: int, token: str) -> Any:
    """A py4j client with the imports that pyspark expects, for a gateway that already runs."""
    from pyspark.java_gateway import launch_gateway

    os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
    os.environ["PYSPARK_GATEWAY_SECRET"] = token
    try:
        return launch_gateway()  # type: ignore[no-untyped-call]
    finally:
        del os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"]


def spark_home() -> Path:
    """The installed pyspark, found without importing it."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise DriverError("pyspark is not installed here: run 'make setup'")
    return Path(spec.submodule_search_locations[0])


def java_binary(environment: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> str:
    """The java that JAVA_HOME or PATH gives."""
    home = environment.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return str(Path(home) / "bin" / "java")
    found = which("java")
    if found is None:
        raise DriverError("no java on PATH and no JAVA_HOME: install Java 17 or 21 (a JRE is enough)")
    return found


def java_version() -> str:
    """What java says of itself, in one line."""
    said = subprocess.run(
        [java_binary(os.environ), "-version"], capture_output=True, text=True, check=False, timeout=60
    )
    return (said.stderr or said.stdout).partition("\n")[0] or "a java that tells no version"


def _in_the_jvm() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()


def _read_text(stream: IO[bytes]) -> str:
    length = struct.unpack("!i", stream.read(4))[0]
    return stream.read(length).decode()
