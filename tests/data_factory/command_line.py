"""Calls `local-azure` in this process: a process of its own for each call would cost a second."""

import contextlib
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_azure.cli import main

Json = Any


@dataclass(frozen=True, kw_only=True)
class Done:
    """What one call left."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Json:
        """Standard output, which is one JSON document and nothing else."""
        return json.loads(self.out)


@contextlib.contextmanager
def environment(**variables: str) -> Iterator[pytest.MonkeyPatch]:
    """Environment variables for the block."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AZURE_DATA_FACTORY", "AZURE_SUBSCRIPTION_ID", "AZURE_RESOURCE_GROUP", "LOCAL_AZURE_STATE"):
            patch.delenv(name, raising=False)
        for name, value in {"COLUMNS": "200", "NO_COLOR": "1", **variables}.items():
            patch.setenv(name, value)
        yield patch


def call(*arguments: str, **variables: str) -> Done:
    """One command to its end."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    with environment(**variables) as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["local-azure", *arguments])
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code=code, out=out.getvalue(), err=err.getvalue())


@dataclass(frozen=True, kw_only=True)
class Factory:
    """One factory of a running cloud, and a folder to load into it."""

    state: Path
    name: str
    folder: Path

    def __call__(self, command: str, *arguments: str, **variables: str) -> Done:
        return call("factory", command, *arguments, "--state", str(self.state), "--factory", self.name, **variables)

    def write(self, kind: str, name: str, properties: Json) -> Path:
        """A document as the authoring UI keeps it in Git."""
        file = self.folder / kind / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": name, "properties": properties}))
        return file

    def pipeline(self, name: str, *activities: Json, **properties: Json) -> Path:
        return self.write("pipeline", name, {"activities": list(activities), **properties})

    def load(self) -> Done:
        return self("load", str(self.folder))
