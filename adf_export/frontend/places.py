"""Tells the user's files from those of packages, and writes their paths the same way on every machine."""

import os
import site
import sysconfig
from collections.abc import Iterable
from typing import Final

_INSTALLED: Final = tuple(
    os.path.realpath(folder) + os.sep
    for folder in {
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
        site.getusersitepackages(),
    }
)
_OURS: Final = os.path.dirname(os.path.dirname(os.path.realpath(__file__))) + os.sep


def relative(path: str, root: str) -> str:
    """A path for origins: relative to the root, with forward slashes."""
    return os.path.relpath(path, root).replace(os.sep, "/")


class Territory:
    """Which files are the user's: neither Python's nor a package's, unless the DAG folder itself is in a package."""

    def __init__(self, root: str, dag_files: Iterable[str] = ()) -> None:
        self.root = root
        real = os.path.realpath(root) + os.sep
        self._inside = real if real.startswith(_INSTALLED) else None
        self._known: dict[str, bool] = dict.fromkeys(dag_files, True)
        self._relative: dict[str, str] = {}

    def has(self, path: str) -> bool:
        found = self._known.get(path)
        if found is None:
            found = self._known[path] = self._judge(path)
        return found

    def _judge(self, path: str) -> bool:
        if not os.path.isabs(path):
            return False  # "<string>", "<frozen importlib._bootstrap>"
        if path.startswith(_INSTALLED) and not self._inside:
            return False
        real = os.path.realpath(path)
        if self._inside and real.startswith(self._inside):
            return True
        return not real.startswith((*_INSTALLED, _OURS))

    def relative(self, path: str) -> str:
        if path not in self._relative:
            self._relative[path] = relative(path, self.root)
        return self._relative[path]
