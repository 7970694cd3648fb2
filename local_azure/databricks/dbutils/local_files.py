"""Files of a local folder behind dbfs:/ or file:/ URLs."""

import shutil
from pathlib import Path


class LocalFiles:
    """A folder of this machine; no URL leads out of it."""

    def __init__(self, scheme: str, root: Path) -> None:
        self._scheme = scheme
        self._root = root

    def entries(self, url: str) -> list[tuple[str, int, int]]:
        """What a folder holds, or the file itself."""
        path = self._existing(url)
        found = sorted(path.iterdir()) if path.is_dir() else [path]
        return [_entry(item) for item in found]

    def is_folder(self, url: str) -> bool:
        """Whether the URL is a folder."""
        return self._existing(url).is_dir()

    def read(self, url: str, limit: int | None = None) -> bytes:
        """The first bytes of a file."""
        with self._existing(url).open("rb") as stream:
            return stream.read(-1 if limit is None else limit)

    def write(self, url: str, data: bytes, *, overwrite: bool) -> None:
        """Write a whole file."""
        path = self._path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if overwrite else "xb") as stream:
            stream.write(data)

    def delete(self, url: str, *, recurse: bool) -> bool:
        """Delete; False when there was nothing."""
        path = self._path(url)
        if path == self._root:
            raise PermissionError(f"{url} is the root: nothing is deleted")
        if not path.exists():
            return False
        if not path.is_dir():
            path.unlink()
        elif recurse:
            shutil.rmtree(path)
        else:
            path.rmdir()
        return True

    def make_folder(self, url: str) -> None:
        """Make a folder and what is above it."""
        self._path(url).mkdir(parents=True, exist_ok=True)

    def _existing(self, url: str) -> Path:
        path = self._path(url)
        if not path.exists() and path != self._root:
            raise FileNotFoundError(f"No such file or directory: {url}")
        if path == self._root:
            path.mkdir(parents=True, exist_ok=True)
        return path

    def _path(self, url: str) -> Path:
        relative = url.removeprefix(self._scheme).lstrip("/")
        path = self._root / relative
        if ".." in path.parts or not path.resolve().is_relative_to(self._root.resolve()):
            raise PermissionError(f"{url} leads out of {self._scheme}/")
        return path


def _entry(path: Path) -> tuple[str, int, int]:
    seen = path.stat()
    folder = path.is_dir()
    return (path.name + "/" * folder, 0 if folder else seen.st_size, seen.st_mtime_ns // 1_000_000)
