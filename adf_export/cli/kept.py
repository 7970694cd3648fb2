"""Keeps what a compilation came to, so that one with nothing changed does not compile.

The key covers the readings, the environment file, this package and the expression language, the installed packages
(they may bring translators), and the secrets that the output is searched for, as a digest. One file for each set of
paths, environment and format: it is written anew, it does not grow.
"""

import hashlib
import os
import sys
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from adf_export.environment import Environment
from adf_export.ir.dag import Reading
from adf_export.known_secrets import known_secrets

_PACKAGES: Final = ("adf_export", "adf_lang")
_Value = TypeVar("_Value")


class _File(msgspec.Struct, frozen=True, array_like=True):
    key: bytes
    checksum: int
    content: bytes


class Kept:
    """The last outcome for some paths."""

    def __init__(self, folder: Path, root: Path, environment: Environment, format: str) -> None:
        place = _digest(str(root), environment.file, format)
        self._path = folder / "outcomes" / f"{place.hex()}.msgpack"
        self._world = _digest(repr(environment), format, sys.version, _own(), _installed(), _secrets())

    def get(self, readings: Sequence[Reading], kind: type[_Value]) -> _Value | None:
        """What was kept, if it was made of the same."""
        try:
            file = msgspec.msgpack.decode(self._path.read_bytes(), type=_File)
            if file.key != self._key(readings) or zlib.crc32(file.content) != file.checksum:
                return None
            return msgspec.msgpack.decode(file.content, type=kind)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None

    def put(self, readings: Sequence[Reading], value: Any) -> None:
        """Keeps it; whoever reads meanwhile sees the old one or the new one."""
        content = msgspec.msgpack.encode(value)
        file = msgspec.msgpack.encode(_File(self._key(readings), zlib.crc32(content), content))
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, delete=False) as temporary:
                temporary.write(file)
            os.replace(temporary.name, self._path)
        except OSError:
            return  # the cache is never needed

    def _key(self, readings: Sequence[Reading]) -> bytes:
        return hashlib.blake2b(msgspec.msgpack.encode(readings), key=self._world, digest_size=16).digest()


def _digest(*parts: str) -> bytes:
    return hashlib.blake2b("\0".join(parts).encode(errors="surrogateescape"), digest_size=16).digest()


def _own() -> str:
    """The sources of the compiler, by their stat."""
    here = Path(__file__).parents[2]
    found = []
    for package in _PACKAGES:
        for folder, _, names in os.walk(here / package):
            for name in names:
                if name.endswith((".py", ".json")):
                    stat = os.stat(os.path.join(folder, name))
                    found.append(f"{folder}/{name} {stat.st_mtime_ns} {stat.st_size}")
    return "\n".join(sorted(found))


def _installed() -> str:
    """Names, versions and moments of installation of what is installed."""
    found = set()
    for folder in sys.path:
        if os.path.isdir(folder):
            with os.scandir(folder) as entries:
                found |= {f"{one.name} {one.stat().st_mtime_ns}" for one in entries if one.name.endswith(".dist-info")}
    return "\n".join(sorted(found))


def _secrets() -> str:
    """Only ever seen by a digest."""
    return repr(known_secrets(os.environ))
