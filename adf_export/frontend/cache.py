"""Keeps readings by the content of all that they were made of; files whose stat did not change are not even opened.

    index.msgpack     files: path -> stat and digest of its content
                      entries: DAG file -> what it was made of, the fingerprint of all that, and its reading's name
    <name>.msgpack    a reading

A fingerprint covers the DAG file, the user's modules that it imported, files and folders that it read, environment
variables that it asked for, the installed packages, Python, and the front-end itself. Whatever cannot be read is
read anew from the DAG files: the cache is never needed.
"""

import hashlib
import os
import sys
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from adf_export import codes, diagnostics
from adf_export.codes import IMPORT_FAILED, IMPORT_TIMED_OUT
from adf_export.frontend.protocol import Answer, Inputs
from adf_export.ir import dag, origin, values
from adf_export.ir.dag import Reading

_INDEX: Final = "index.msgpack"
# A file that was changed this short a time ago may change again within the same tick of its clock.
_TICK_NS: Final = 2_000_000_000
_NEVER_KEPT: Final = frozenset({IMPORT_FAILED.id, IMPORT_TIMED_OUT.id})
_SHAPES: Final = (codes, diagnostics, dag, origin, values)
_Loaded = TypeVar("_Loaded")


class _File(msgspec.Struct, frozen=True, array_like=True):
    mtime_ns: int
    size: int
    inode: int
    digest: bytes


class _Entry(msgspec.Struct, frozen=True, array_like=True):
    inputs: Inputs
    fingerprint: bytes
    checksum: int


class _Index(msgspec.Struct, array_like=True):
    files: dict[str, _File] = {}
    entries: dict[str, _Entry] = {}


class Cache:
    """Readings of DAG files below one root."""

    def __init__(self, folder: Path, *, root: Path, search: Sequence[str]) -> None:
        self._folder = folder
        self._index = _load(folder / _INDEX, _Index) or _Index()
        self._world = _world(root, search)
        self._root = str(root)
        self._digests: dict[str, bytes] = {}
        self._folders: dict[str, bytes] = {}
        self._environments: dict[tuple[str, ...], bytes] = {}
        self._files: dict[str, _File] = {}
        self._changed = False

    def get(self, file: str) -> Reading | None:
        """The reading of a file, where nothing that it was made of has changed."""
        entry = self._index.entries.get(self._key(file))
        if entry is None or self._fingerprint(entry.inputs) != entry.fingerprint:
            return None
        try:
            content = self._place(file).read_bytes()
        except OSError:
            return None
        return _decode(content, Reading) if zlib.crc32(content) == entry.checksum else None

    def put(self, answer: Answer) -> None:
        """Keeps an answer; one that failed, or that depends on the outside world, is not kept."""
        self._changed = True
        key = self._key(answer.file)
        codes_found = {found.code for found in answer.reading.diagnostics}
        if not answer.inputs.repeatable or codes_found & _NEVER_KEPT:
            self._index.entries.pop(key, None)
            return
        content = msgspec.msgpack.encode(answer.reading)
        _write(self._place(answer.file), content)
        self._index.entries[key] = _Entry(answer.inputs, self._fingerprint(answer.inputs), zlib.crc32(content))

    def save(self) -> None:
        """Writes the index, where it is another one than before."""
        if not self._changed and self._files == self._index.files:
            return
        gone = [key for key in self._index.entries if not os.path.exists(key.partition("\n")[2])]
        for key in gone:
            del self._index.entries[key]
        self._index.files |= self._files
        _write(self._folder / _INDEX, msgspec.msgpack.encode(self._index))

    def _key(self, file: str) -> str:
        return f"{self._root}\n{file}"

    def _place(self, file: str) -> Path:
        return self._folder / f"{hashlib.blake2b(self._key(file).encode(), digest_size=16).hexdigest()}.msgpack"

    def _fingerprint(self, inputs: Inputs) -> bytes:
        digest = hashlib.blake2b(self._world, digest_size=16)
        for file in inputs.files:
            digest.update(file.encode() + b"\0" + self._digest(file))
        for folder in inputs.folders:
            digest.update(folder.encode() + b"\0" + self._listing(folder))
        digest.update(self._environment(inputs.environment))
        return digest.digest()

    def _digest(self, file: str) -> bytes:
        found = self._digests.get(file)
        if found is None:
            found = self._digests[file] = self._digest_of(file)
        return found

    def _digest_of(self, file: str) -> bytes:
        """Of its content, by its stat where that is known; empty: there is no such file."""
        try:
            stat = os.stat(file)
            known = self._index.files.get(file)
            same = known and (known.mtime_ns, known.size, known.inode) == (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            digest = known.digest if known and same else _blake(Path(file).read_bytes())
        except OSError:
            return b""
        if time.time_ns() - stat.st_mtime_ns > _TICK_NS:
            self._files[file] = _File(stat.st_mtime_ns, stat.st_size, stat.st_ino, digest)
        return digest

    def _listing(self, folder: str) -> bytes:
        if folder not in self._folders:
            self._folders[folder] = _names_in(folder)
        return self._folders[folder]

    def _environment(self, names: tuple[str, ...]) -> bytes:
        """One digest of all, so that no value can be guessed from the cache."""
        if names not in self._environments:
            pairs = "\0".join(f"{name}={os.environ[name]}" for name in names if name in os.environ)
            self._environments[names] = _blake(pairs.encode(errors="surrogateescape"))
        return self._environments[names]


def _blake(content: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16).digest()


def _names_in(folder: str) -> bytes:
    try:
        return _blake("\0".join(sorted(set(os.listdir(folder)) - {"__pycache__"})).encode(errors="surrogateescape"))
    except OSError:
        return b""


def _world(root: Path, search: Iterable[str]) -> bytes:
    """What all readings depend on."""
    digest = hashlib.blake2b(digest_size=16)
    own = sorted(Path(__file__).parent.glob("*.py"))
    for source in (*own, *(Path(str(module.__file__)) for module in _SHAPES)):
        digest.update(source.read_bytes())
    digest.update(repr((sys.version, str(root), tuple(search), _packages())).encode())
    # Airflow reads its settings when it is imported, before a file could be watched.
    settings = sorted(f"{name}={value}" for name, value in os.environ.items() if name.startswith("AIRFLOW__"))
    digest.update("\0".join(settings).encode(errors="surrogateescape"))
    # A module that appears there may hide another one.
    for folder in search:
        if folder != str(root):
            digest.update(_names_in(folder))
    return digest.digest()


def _packages() -> list[str]:
    """Names and versions of what is installed, as the names of their metadata folders tell them."""
    found: set[str] = set()
    for folder in sys.path:
        if os.path.isdir(folder):
            found.update(name for name in os.listdir(folder) if name.endswith((".dist-info", ".egg-info")))
    return sorted(found)


def _load(path: Path, kind: type[_Loaded]) -> _Loaded | None:
    try:
        return _decode(path.read_bytes(), kind)
    except OSError:
        return None


def _decode(content: bytes, kind: type[_Loaded]) -> _Loaded | None:
    try:
        return msgspec.msgpack.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _write(path: Path, content: bytes) -> None:
    """All or nothing, whoever writes beside us."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
