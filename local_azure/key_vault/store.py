"""Keeps secrets, their versions and the bin in SQLite, and holds the vault's rules."""

import json
import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_azure.errors import LocalAzureError
from local_azure.key_vault.errors import (
    bad_parameter,
    cannot_write,
    deleted_but_recoverable,
    disabled,
    not_deleted,
    not_found,
)

MAX_VALUE_BYTES = 25 * 1024
MAX_NAME = 127
MAX_TAGS = 15
PURGE_AFTER_SECONDS = 90 * 24 * 3600
_NAME_CHARACTERS = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-")

# `position` orders the versions of a secret even when the clock stands still or goes back.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS versions (
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL COLLATE NOCASE,
  version TEXT NOT NULL,
  value TEXT NOT NULL,
  content_type TEXT,
  enabled INTEGER NOT NULL,
  not_before INTEGER,
  expires INTEGER,
  tags TEXT,
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  UNIQUE (name, version)
);
CREATE TABLE IF NOT EXISTS bin (
  name TEXT PRIMARY KEY COLLATE NOCASE,
  deleted INTEGER NOT NULL,
  purge INTEGER NOT NULL
);
"""
_COLUMNS = "name, version, value, content_type, enabled, not_before, expires, tags, created, updated"
_LATEST = "position IN (SELECT max(position) FROM versions GROUP BY name)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What a caller may say about a version; None leaves it as it is (or as a new version has it)."""

    enabled: bool | None = None
    not_before: int | None = None
    expires: int | None = None
    content_type: str | None = None
    tags: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretVersion:
    """One version of a secret."""

    name: str
    version: str
    value: str = field(repr=False)
    content_type: str | None
    enabled: bool
    not_before: int | None
    expires: int | None
    tags: Mapping[str, str] | None
    created: int
    updated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedSecret:
    """A secret in the bin: its latest version, and when it goes for good."""

    latest: SecretVersion
    deleted: int
    purge: int


class Store:
    """The vault's state; each method is one transaction."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = folder / "vault.sqlite"
        # Made here, because SQLite would make it readable for everybody (and its side files follow its mode).
        os.close(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600))
        self._db = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            # Deleted values are overwritten, not left behind in free pages.
            self._db.execute("PRAGMA secure_delete = ON")
            self._db.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise LocalAzureError(
                f"{self._file} cannot be used ({error}): delete it to start with an empty vault"
            ) from error

    def close(self) -> None:
        self._db.close()

    def set(self, name: str, value: str, attributes: Attributes) -> SecretVersion:
        """Add a version, which becomes the latest."""
        _check_name(name)
        _check_value(value)
        _check_tags(attributes.tags)
        with self._transaction():
            if self._bin_entry(name):
                raise deleted_but_recoverable(name)
            version, now = uuid.uuid4().hex, int(self._clock())
            enabled = True if attributes.enabled is None else attributes.enabled
            tags = None if attributes.tags is None else json.dumps(dict(attributes.tags), sort_keys=True)
            times = (attributes.not_before, attributes.expires)
            self._db.execute(
                f"INSERT INTO versions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (name, version, value, attributes.content_type, enabled, *times, tags, now, now),
            )
            return self._version(name, version)

    def get(self, name: str, version: str = "") -> SecretVersion:
        """A version, the latest by default; a disabled one is refused. Its dates do not matter, as in Azure."""
        _check_name(name)
        if self._bin_entry(name):
            raise not_found(name, version)
        found = self._version(name, version)
        if not found.enabled:
            raise disabled("get")
        return found

    def update(self, name: str, version: str, attributes: Attributes) -> SecretVersion:
        """Change what is said about a version; its value never changes."""
        _check_name(name)
        _check_tags(attributes.tags)
        changes: dict[str, Any] = {
            "enabled": attributes.enabled,
            "not_before": attributes.not_before,
            "expires": attributes.expires,
            "content_type": attributes.content_type,
            "tags": None if attributes.tags is None else json.dumps(dict(attributes.tags), sort_keys=True),
        }
        given = {column: value for column, value in changes.items() if value is not None}
        with self._transaction():
            if self._bin_entry(name):
                raise not_found(name, version)
            found = self._version(name, version)
            assignments = ", ".join(f"{column} = ?" for column in (*given, "updated"))
            self._db.execute(
                f"UPDATE versions SET {assignments} WHERE name = ? AND version = ?",
                (*given.values(), int(self._clock()), name, found.version),
            )
            return self._version(name, found.version)

    def list_secrets(self, *, after: str, limit: int) -> list[SecretVersion]:
        """The latest version of each secret, in name order, disabled ones included."""
        where = f"{_LATEST} AND name NOT IN (SELECT name FROM bin) AND name > ? ORDER BY name LIMIT ?"
        return self._select(where, (after, limit))

    def list_versions(self, name: str, *, after: str, limit: int) -> list[SecretVersion]:
        """The versions of a secret, in the order of their ids."""
        _check_name(name)
        if self._bin_entry(name):
            raise not_found(name)
        found = self._select("name = ? AND version > ? ORDER BY version LIMIT ?", (name, after, limit))
        if not found and not after:
            raise not_found(name)
        return found

    def delete(self, name: str) -> DeletedSecret:
        """Move a secret, with all its versions, to the bin."""
        _check_name(name)
        with self._transaction():
            if self._bin_entry(name):
                raise not_found(name)
            latest, now = self._version(name, ""), int(self._clock())
            self._db.execute("INSERT INTO bin VALUES (?, ?, ?)", (latest.name, now, now + PURGE_AFTER_SECONDS))
            return self._deleted(name)

    def get_deleted(self, name: str) -> DeletedSecret:
        """A secret in the bin."""
        _check_name(name)
        return self._deleted(name)

    def list_deleted(self, *, after: str, limit: int) -> list[DeletedSecret]:
        """The bin, in name order."""
        self._purge_expired()
        rows = self._db.execute("SELECT name FROM bin WHERE name > ? ORDER BY name LIMIT ?", (after, limit)).fetchall()
        return [self._deleted(name) for (name,) in rows]

    def recover(self, name: str) -> SecretVersion:
        """Take a secret out of the bin."""
        _check_name(name)
        with self._transaction():
            latest = self._deleted(name).latest
            self._db.execute("DELETE FROM bin WHERE name = ?", (name,))
            return latest

    def purge(self, name: str) -> None:
        """Remove a secret of the bin for good."""
        _check_name(name)
        with self._transaction():
            self._deleted(name)
            self._forget(name)

    def _deleted(self, name: str) -> DeletedSecret:
        entry = self._bin_entry(name)
        if entry is None:
            raise not_deleted(name)
        return DeletedSecret(latest=self._version(name, ""), deleted=entry[0], purge=entry[1])

    def _bin_entry(self, name: str) -> tuple[int, int] | None:
        self._purge_expired()
        row = self._db.execute("SELECT deleted, purge FROM bin WHERE name = ?", (name,)).fetchone()
        return None if row is None else (row[0], row[1])

    def _purge_expired(self) -> None:
        for (name,) in self._db.execute("SELECT name FROM bin WHERE purge <= ?", (self._clock(),)).fetchall():
            self._forget(name)

    def _forget(self, name: str) -> None:
        self._db.execute("DELETE FROM versions WHERE name = ?", (name,))
        self._db.execute("DELETE FROM bin WHERE name = ?", (name,))

    def _version(self, name: str, version: str) -> SecretVersion:
        if version:
            found = self._select("name = ? AND version = ?", (name, version))
        else:
            found = self._select("name = ? ORDER BY position DESC LIMIT 1", (name,))
        if not found:
            raise not_found(name, version)
        return found[0]

    def _select(self, where: str, parameters: tuple[Any, ...]) -> list[SecretVersion]:
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM versions WHERE {where}", parameters).fetchall()
        return [_read(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise cannot_write(f"{self._file} ({error})") from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")


def _read(row: tuple[Any, ...]) -> SecretVersion:
    name, version, value, content_type, enabled, not_before, expires, tags, created, updated = row
    return SecretVersion(
        name=name,
        version=version,
        value=value,
        content_type=content_type,
        enabled=bool(enabled),
        not_before=not_before,
        expires=expires,
        tags=None if tags is None else json.loads(tags),
        created=created,
        updated=updated,
    )


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= MAX_NAME or not set(name) <= _NAME_CHARACTERS:
        raise bad_parameter(
            f"The request URI contains an invalid name: {name}. "
            f"A secret's name has 1 to {MAX_NAME} characters out of 0-9, a-z, A-Z and '-'."
        )


def _check_value(value: str) -> None:
    size = len(value.encode())
    if size > MAX_VALUE_BYTES:
        raise bad_parameter(f"The secret's value has {size} bytes, the limit is {MAX_VALUE_BYTES}.")


def _check_tags(tags: Mapping[str, str] | None) -> None:
    if tags is None:
        return
    if len(tags) > MAX_TAGS:
        raise bad_parameter(f"The secret has {len(tags)} tags, the limit is {MAX_TAGS}.")
    too_long = [name for name, value in tags.items() if len(name) > 256 or len(value) > 256]
    if too_long:
        raise bad_parameter(f"The tag '{too_long[0][:40]}' is too long: names and values have at most 256 characters.")
