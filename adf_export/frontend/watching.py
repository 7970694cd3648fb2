"""Watches what a DAG file uses while it is imported, by Python's audit events: what the cache must compare later."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, Final

from adf_export.frontend.places import Territory
from adf_export.frontend.protocol import Inputs

# Events of the outside world, whose answer may be another one next time.
_UNREPEATABLE: Final = frozenset({"os.exec", "os.posix_spawn", "os.system", "socket.connect", "subprocess.Popen"})
_NO_FILES: Final = ("/dev/", "/proc/", "/sys/")


class Watch:
    """Collects until `stop`; hooks of Python cannot be taken back, but a fork ends soon."""

    def __init__(self, territory: Territory, search: tuple[str, ...]) -> None:
        self._territory = territory
        self._search = search
        # Also what came with airflow: local settings, providers that are plugins.
        self._files: set[str] = set(self._modules(list(sys.modules)))
        self._before = set(sys.modules)
        self._folders: set[str] = set()
        self._environment: set[str] = set()
        self._wanted: set[str] = set()
        self._repeatable = True
        self._active = True
        self._home = os.environ.get("AIRFLOW_HOME", "") + os.sep
        self._readers: dict[str, Callable[[tuple[Any, ...], FrameType], None]] = {
            "import": self._on_import,
            "open": self._on_open,
            "os.listdir": self._on_list,
            "os.scandir": self._on_list,
        }

    def start(self) -> None:
        sys.addaudithook(self._on_event)
        seen = self._environment

        class Watched(os._Environ):  # type: ignore[type-arg]  # it has no arguments at run time
            def __getitem__(self, key: str) -> str:
                if isinstance(key, str):  # os.get_exec_path asks in bytes too
                    seen.add(key)
                return str(super().__getitem__(key))

        os.environ.__class__ = Watched

    def stop(self, file: str) -> Inputs:
        self._active = False
        files = {file, *self._files, *self._modules(set(sys.modules) - self._before), *self._missing()}
        return Inputs(
            files=tuple(sorted(files)),
            folders=tuple(sorted(self._folders)),
            environment=tuple(sorted(self._environment)),
            repeatable=self._repeatable,
        )

    def _on_event(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._active:
            return
        reader = self._readers.get(event)
        if reader is None and event not in _UNREPEATABLE:
            return
        self._active = False  # what is done here are events too
        try:
            frame = sys._getframe(1)
            if reader is not None:
                reader(arguments, frame)
            elif self._is_users(frame):
                self._repeatable = False
        finally:
            self._active = True

    def _on_import(self, arguments: tuple[Any, ...], frame: FrameType) -> None:
        if self._territory.has(frame.f_code.co_filename):
            self._wanted.add(arguments[0])

    def _on_open(self, arguments: tuple[Any, ...], frame: FrameType) -> None:
        path = self._path(arguments[0])
        if path and not path.endswith(".pyc") and self._territory.has(path) and self._is_users(frame):
            self._files.add(path)

    def _on_list(self, arguments: tuple[Any, ...], frame: FrameType) -> None:
        path = self._path(arguments[0] if arguments and arguments[0] is not None else ".")
        if path and self._is_users(frame):
            self._folders.add(path)

    def _path(self, given: Any) -> str:
        if not isinstance(given, str | bytes | os.PathLike):
            return ""
        path = os.path.abspath(os.fsdecode(given))
        return "" if path.startswith((*_NO_FILES, self._home)) else path

    def _is_users(self, frame: FrameType | None) -> bool:
        """Whether the user's code did it; what packages do while they are imported is theirs."""
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<frozen importlib"):
                return False
            if self._territory.has(name):
                return True
            frame = frame.f_back
        return True

    def _modules(self, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            file = getattr(sys.modules[name], "__file__", None)
            if isinstance(file, str) and self._territory.has(file):
                yield file

    def _missing(self) -> Iterator[str]:
        """Where modules would be that the user's code asked for in vain: one that appears changes what it does."""
        for name in self._wanted - set(sys.modules):
            for folder in self._search:
                path = os.path.join(folder, *name.split("."))
                yield f"{path}.py"
                yield os.path.join(path, "__init__.py")
