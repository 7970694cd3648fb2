"""Holds the imported libraries and forks run processes from them, so that a new one costs milliseconds."""

import importlib
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local_azure.databricks.processes import die_with_parent
from local_azure.databricks.settings import DatabricksSettings

# Imported once, here, by nobody else: a run process is a fork and has them already. Nothing of the user's own code
# may appear: a run must see the files as they are at its start.
PRELOADED = (
    "pyspark.sql",
    "pyspark.sql.functions",
    "pyspark.sql.streaming",
    "pyspark.sql.datasource",
    "delta",
    "pandas",
    "pyarrow",
    "requests",
    "azure.storage.blob",
    "local_azure.databricks.run_process",
)


def serve(control: socket.socket, settings: DatabricksSettings) -> None:
    """Fork a run process for each request of the driver host; report each end. Returns when the host is gone."""
    names = (*PRELOADED, "local_azure.cloud_files") if settings.cloud_files else PRELOADED
    for name in names:
        importlib.import_module(name)
    wake_read, wake_write = socket.socketpair()
    wake_read.setblocking(False)
    wake_write.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write.fileno(), warn_on_full_buffer=False)
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(wake_read, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if wake_read in ready:
                wake_read.recv(4096)
                _report_ended(control)
            if control in ready:
                request, fds, _, _ = socket.recv_fds(control, 65536, 2)
                if not request:
                    return
                _fork(control, settings, json.loads(request), fds, others=(wake_read, wake_write))


def _fork(
    control: socket.socket,
    settings: DatabricksSettings,
    request: dict[str, object],
    fds: Sequence[int],
    *,
    others: Sequence[socket.socket],
) -> None:
    channel_fd, output_fd = fds
    parent = os.getpid()
    child = os.fork()
    if child:
        os.close(channel_fd)
        os.close(output_fd)
        control.sendall(json.dumps({"forked": child}).encode() + b"\n")
        return
    try:
        die_with_parent()
        os.setpgid(0, 0)
        if os.getppid() != parent:
            os._exit(1)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for inherited in (control, *others):
            inherited.close()
        # Temporary files go when the process does, which is never in a way that Python's own clean-up sees.
        folder = scratch_of(settings.root, os.getpid())
        folder.mkdir(parents=True)
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None
        os.dup2(output_fd, 1)
        os.dup2(output_fd, 2)
        os.close(output_fd)
        run_process = sys.modules["local_azure.databricks.run_process"]
        run_process.main(socket.socket(fileno=channel_fd), settings, request)
    except BaseException as error:
        sys.stderr.write(f"the run process could not start: {error!r}\n")
        sys.stderr.flush()
    finally:
        os._exit(70)


def scratch_of(root: Path, pid: int) -> Path:
    """Where a run process keeps its temporary files."""
    return root / "scratch" / f"run-{pid}"


def _report_ended(control: socket.socket) -> None:
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if child == 0:
            return
        control.sendall(json.dumps({"ended": child, "code": os.waitstatus_to_exitcode(status)}).encode() + b"\n")
