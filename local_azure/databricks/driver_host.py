"""The Spark driver's process: owns the JVM and the pool of run processes, and obeys the service over a socket.

Who owns whom, each tied to the one before it (a closed pipe, and on Linux a kernel signal at the parent's death):

    service -> driver host -> JVM
                           -> zygote (imported libraries, no threads) -> one run process a run

A run process has its own py4j server and session in the JVM, so views, settings and callbacks of two runs never meet,
and killing it harms nobody else. When the JVM or the zygote ends, the host ends: the service starts a new one.
"""

import contextlib
import fcntl
import itertools
import json
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from local_azure.databricks.channel import Channel
from local_azure.databricks.errors import DriverError
from local_azure.databricks.jvm import Jvm, JvmSettings, RunSession
from local_azure.databricks.processes import children, die_with_parent, kill_group, process_command, process_environment
from local_azure.databricks.redaction import Redactor
from local_azure.databricks.runtime import SOURCES_VARIABLE, source_state
from local_azure.databricks.settings import DatabricksSettings, settings_from_json
from local_azure.databricks.zygote import scratch_of, serve
from local_azure.errors import LocalAzureError

# How long a predecessor that was told to end may hold the metastore.
PREDECESSOR_SECONDS = 15.0
# The first fork waits for the zygote's imports.
ATTACH_SECONDS = 240.0


class RunProcess:
    """One forked Python process, attached to the JVM, waiting for its run or running it."""

    def __init__(self, pid: int, channel: Channel, output: int, session: RunSession) -> None:
        self.pid = pid
        self._scratch = scratch_of(session.jvm.settings.root, pid)
        self.session = session
        self.attached = threading.Event()
        self.ended = threading.Event()
        # Exit code as subprocess gives it: negative for a signal.
        self.code: int | None = None
        self.cancelled = False
        # How dbutils.notebook.run is done; set with the job.
        self.run_child: Callable[[dict[str, Any], float], dict[str, Any]] | None = None
        self._channel = channel
        self._outcome: dict[str, Any] | None = None
        self._redactor = Redactor()
        self._log: IO[bytes] | None = None
        self._early = b""
        self._log_lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, name=f"reads {pid}", daemon=True)
        self._pump = threading.Thread(target=self._copy_output, args=(output,), name=f"logs {pid}", daemon=True)
        self._reader.start()
        self._pump.start()

    def run(self, job: dict[str, Any]) -> dict[str, Any]:
        """Give it the job and wait for its end, whichever way it comes."""
        with self._log_lock:
            self._log = open(job["log"], "ab", buffering=0)  # noqa: SIM115 - closed with the run, in `_end`
            self._log.write(self._early)
        self._channel.send({"job": job})
        self.ended.wait()
        return self._end()

    def kill(self) -> None:
        """End the process and whatever it started."""
        kill_group(self.pid)

    def discard(self) -> None:
        """End a process that is not needed."""
        self.kill()
        self.ended.wait(5)
        self._end()

    def early_output(self) -> str:
        """What it printed before it had a job: only a failed start prints."""
        return self._early.decode(errors="replace")

    def _end(self) -> dict[str, Any]:
        # Children that outlived it hold its output open.
        kill_group(self.pid)
        self._reader.join(2)
        self._pump.join(2)
        self._channel.close()
        shutil.rmtree(self._scratch, ignore_errors=True)
        if self._log is not None:
            self._log.close()
        if self.cancelled:
            return {"kind": "canceled"}
        if self._outcome is None:
            return {"kind": "died", "code": self.code}
        texts = {key: self._redactor.text(value) for key, value in self._outcome.items() if isinstance(value, str)}
        return self._outcome | texts

    def _read(self) -> None:
        for message in self._channel:
            match message:
                case {"attached": True}:
                    self.attached.set()
                case {"secret": value}:
                    # Answered only when every later byte of output is searched for it.
                    self._redactor.add(value)
                    self._channel.send({"reply": None})
                case {"child": job, "timeout_seconds": seconds}:
                    threading.Thread(target=self._run_child, args=(job, seconds), daemon=True).start()
                case {"outcome": outcome}:
                    self._outcome = outcome
        self.attached.set()

    def _run_child(self, job: dict[str, Any], seconds: float) -> None:
        assert self.run_child is not None
        self._channel.send({"reply": self.run_child(job, seconds)})

    def _copy_output(self, output: int) -> None:
        with os.fdopen(output, "rb", buffering=0) as stream:
            while chunk := stream.read(65536):
                self._show(self._redactor.feed(chunk))
        self._show(self._redactor.flush())

    def _show(self, data: bytes) -> None:
        with self._log_lock:
            if self._log is None:
                self._early += data
            elif not self._log.closed:
                self._log.write(data)


class Zygote:
    """The process that forks run processes."""

    def __init__(self, settings: DatabricksSettings) -> None:
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            _become_zygote(ours, theirs, settings)
        theirs.close()
        self._socket = ours
        self._forked: queue.Queue[int] = queue.Queue()
        self._processes: dict[int, RunProcess] = {}
        self._codes: dict[int, int] = {}
        self._lock = threading.Lock()

    def watch(self, ended: Callable[[str], None]) -> None:
        """Read what the zygote reports, for its whole life."""
        for message in Channel(self._socket):
            match message:
                case {"forked": pid}:
                    self._forked.put(pid)
                case {"ended": pid, "code": code}:
                    with self._lock:
                        process = self._processes.pop(pid, None)
                        if process is None:
                            self._codes[pid] = code
                    if process is not None:
                        process.code = code
                        process.ended.set()
        ended("the process that forks run processes has ended")

    def fork(self, session: RunSession) -> RunProcess:
        """A new run process, still attaching."""
        ours, theirs = socket.socketpair()
        output_read, output_write = os.pipe()
        request = json.dumps({"port": session.port, "token": session.token}).encode()
        with theirs:
            socket.send_fds(self._socket, [request], [theirs.fileno(), output_write])
            pid = self._forked.get(timeout=ATTACH_SECONDS)
        os.close(output_write)
        process = RunProcess(pid, Channel(ours), output_read, session)
        with self._lock:
            if pid in self._codes:
                process.code = self._codes.pop(pid)
                process.ended.set()
            else:
                self._processes[pid] = process
        return process


class Host:
    """Runs jobs in pooled processes."""

    def __init__(self, settings: DatabricksSettings, service: Channel) -> None:
        self.settings = settings
        self.service = service
        self.zygote = Zygote(settings)
        self.jvm = Jvm(
            JvmSettings(
                root=settings.root,
                warehouse=settings.warehouse,
                metastore=settings.metastore,
                heap=settings.heap,
                cores=settings.cores,
                python=sys.executable,
                catalog=settings.catalog,
            )
        )
        self._ready: queue.Queue[RunProcess] = queue.Queue()
        self._vacancies = threading.Semaphore(max(1, settings.pool_size))
        self._lock = threading.Lock()
        self._running: dict[str, RunProcess] = {}
        self._cancelled: set[str] = set()
        self._numbers = itertools.count(1)
        self._stopping = False

    def start(self) -> None:
        """Start the threads; the JVM comes up in them."""
        for target in (self._bring_up, self._watch_jvm, self._watch_zygote):
            threading.Thread(target=target, name=target.__name__, daemon=True).start()

    def obey(self) -> None:
        """Do what the service says until it is gone or says stop."""
        for message in self.service:
            match message:
                case {"start": attempt, "job": job}:
                    threading.Thread(target=self._run, args=(attempt, job), daemon=True).start()
                case {"cancel": attempt}:
                    threading.Thread(target=self._cancel, args=(attempt,), daemon=True).start()
                case {"stop": True}:
                    break

    def end(self) -> None:
        """Kill the run processes, then end the JVM."""
        self._stopping = True
        with self._lock:
            processes = list(self._running.values())
        for process in processes:
            process.kill()
        self.jvm.stop()
        with contextlib.suppress(ProcessLookupError):
            # Its children go with it: they asked the kernel for that.
            os.kill(self.zygote.pid, signal.SIGKILL)
        while not self._ready.empty():
            self._ready.get().kill()
        shutil.rmtree(self.settings.root / "scratch", ignore_errors=True)

    def _bring_up(self) -> None:
        try:
            self.jvm.connect()
            self._fill_pool()
        except (DriverError, queue.Empty) as error:
            self._give_up(str(error))
        except Exception as error:
            # A JVM that is going away is told by `_watch_jvm`; else it is py4j's error, the metastore's inside.
            if not self._jvm_ends():
                self._give_up(f"Spark does not work: {error}")

    def _fill_pool(self) -> None:
        announced = False
        while not self._stopping:
            self._vacancies.acquire()
            session = self.jvm.new_session()
            process = self.zygote.fork(session)
            process.attached.wait(ATTACH_SECONDS)
            if process.ended.is_set() or not process.attached.is_set():
                process.discard()
                raise DriverError(f"a run process did not attach to Spark: {process.early_output().strip()}")
            self.jvm.own_default_session()
            self._ready.put(process)
            if not announced:
                announced = True
                self.service.send({"event": "ready", "jvm": self.jvm.process.pid})
                if self.settings.warm_up:
                    threading.Thread(target=self._warm_up, daemon=True).start()

    def _warm_up(self) -> None:
        log = self.settings.logs / "warm-up.log"
        log.unlink(missing_ok=True)
        outcome = self._execute("warm-up", {"kind": "warm-up", "log": str(log)})
        self.service.send({"event": "warm", "outcome": outcome})

    def _run(self, attempt: str, job: dict[str, Any]) -> None:
        outcome = self._execute(attempt, job)
        # A run whose calls failed because the JVM is going: the driver's failure, told by `_watch_jvm`.
        lost = outcome.get("lost_driver") and self._jvm_ends()
        if not lost and self.jvm.process.poll() is None:
            self.service.send({"event": "ended", "attempt": attempt, "outcome": outcome})

    def _execute(self, attempt: str, job: dict[str, Any]) -> dict[str, Any]:
        process = self._take()
        with self._lock:
            cancelled = attempt in self._cancelled
            self._cancelled.discard(attempt)
            if not cancelled:
                self._running[attempt] = process
        if cancelled:
            self._ready.put(process)
            return {"kind": "canceled"}
        self._vacancies.release()
        self.service.send({"event": "started", "attempt": attempt, "pid": process.pid})
        process.run_child = lambda child, seconds: self._execute_child(attempt, job, child, seconds)
        outcome = process.run(job | {"attempt": attempt})
        with self._lock:
            del self._running[attempt]
            alone = not self._running
        # Errors here are those of a JVM that is going away.
        with contextlib.suppress(Exception):
            process.session.end(attempt)
            if alone:
                self.jvm.drop_caches()
                self._end_stale_workers()
        return outcome

    def _execute_child(
        self, attempt: str, job: dict[str, Any], child: dict[str, Any], seconds: float
    ) -> dict[str, Any]:
        """A notebook that a notebook runs: its own process and session, the same log."""
        name = f"{attempt}.{next(self._numbers)}"
        timed_out = threading.Event()

        def late() -> None:
            timed_out.set()
            self._cancel(name)

        timer = threading.Timer(seconds, late) if seconds else None
        if timer:
            timer.start()
        outcome = self._execute(name, child | {"log": job["log"]})
        if timer:
            timer.cancel()
        if timed_out.is_set():
            return {"kind": "canceled", "message": f"it took longer than {seconds} s"}
        return outcome

    def _take(self) -> RunProcess:
        while True:
            process = self._ready.get()
            if not process.ended.is_set():
                return process
            process.discard()
            self._vacancies.release()

    def _cancel(self, attempt: str) -> None:
        with self._lock:
            process = self._running.get(attempt)
            children = [name for name in self._running if name.startswith(f"{attempt}.")]
            if process is None:
                self._cancelled.add(attempt)
                return
        process.cancelled = True
        with contextlib.suppress(Exception):
            process.session.interrupt(attempt)
        # `_execute` sees its end, and makes sure that no Spark job is left.
        process.kill()
        for child in children:
            self._cancel(child)

    def _end_stale_workers(self) -> None:
        """End Spark's Python workers that were started for files as they were before an edit."""
        current = source_state(self.settings.workspace.values())
        for child in children(self.jvm.process.pid):
            if process_environment(child).get(SOURCES_VARIABLE, current) != current:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)

    def _jvm_ends(self) -> bool:
        """Whether the JVM has ended or is just about to."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.jvm.process.wait(5)
        return self.jvm.process.poll() is not None

    def _watch_jvm(self) -> None:
        code = self.jvm.process.wait()
        if not self._stopping:
            self._give_up(f"the Spark JVM ended ({describe_exit(code)})")

    def _watch_zygote(self) -> None:
        self.zygote.watch(lambda message: None if self._stopping else self._give_up(message))

    def _give_up(self, message: str) -> None:
        """Nothing can run any more: tell the service why, end everything."""
        if self._stopping:
            return
        self._stopping = True
        self.service.send({"event": "failed", "message": message})
        self.service.close()


def describe_exit(code: int | None) -> str:
    """An exit code in words.

    >>> describe_exit(-9)
    'killed by SIGKILL, perhaps for lack of memory'
    """
    if code is None:
        return "for an unknown reason"
    if code == -signal.SIGKILL:
        return "killed by SIGKILL, perhaps for lack of memory"
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    # -XX:+ExitOnOutOfMemoryError
    return "exit code 3: its heap was too small" if code == 3 else f"exit code {code}"


def own_metastore(settings: DatabricksSettings) -> IO[str]:
    """Take the metastore's lock; a killed owner's JVM is waited for, then killed, a live owner is named."""
    settings.metastore.mkdir(parents=True, exist_ok=True)
    lock = (settings.metastore / "owner.lock").open("a+")
    deadline = time.monotonic() + PREDECESSOR_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > deadline:
                lock.seek(0)
                owner = lock.readline().split()
                raise DriverError(
                    f"the metastore {settings.metastore} is in use by process {owner[0] if owner else '?'}: "
                    "stop that 'local-azure up' or give this one another --state folder"
                ) from None
            time.sleep(0.1)
    lock.seek(0)
    recorded = lock.readline().split()
    if len(recorded) == 2:
        _end_orphan(int(recorded[1]), settings.metastore, deadline)
    return lock


def record_owner(lock: IO[str], jvm: int) -> None:
    """Write down who holds the metastore, for a successor that finds us dead."""
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()} {jvm}\n")
    lock.flush()


def _end_orphan(pid: int, metastore: Path, deadline: float) -> None:
    """A JVM whose host was killed ends by itself; one that hangs is killed. Never a stranger with the same id."""
    marker = f"-Dderby.system.home={metastore}"
    while marker in process_command(pid):
        if time.monotonic() > deadline - PREDECESSOR_SECONDS / 2:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _become_zygote(ours: socket.socket, theirs: socket.socket, settings: DatabricksSettings) -> None:
    try:
        die_with_parent()
        ours.close()
        serve(theirs, settings)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(0)


def main(control_fd: int) -> None:
    """Serve one service until it goes away."""
    service = Channel(socket.socket(fileno=control_fd))
    document = service.receive()
    if document is None:
        return
    settings = settings_from_json(document)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        lock = own_metastore(settings)
        host = Host(settings, service)
    except (LocalAzureError, OSError) as error:
        service.send({"event": "failed", "message": str(error), "final": True})
        return
    record_owner(lock, host.jvm.process.pid)
    host.start()
    host.obey()
    host.end()


if __name__ == "__main__":
    main(int(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    # Daemon threads may still sit in py4j calls to the JVM that is gone.
    os._exit(0)
