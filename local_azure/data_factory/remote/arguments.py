"""Reads what a user writes on the command line: parameters of a run, the short name of a run."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from local_azure.data_factory.remote.api import FactoryApi, RunFilter
from local_azure.errors import LocalAzureError

Json = Any

NEWEST = "last"
_ID_LENGTH = 36
# How many of the newest runs a short name is looked for in.
_SEARCHED = 1000
# Types whose values are written as they are; those of all others are JSON.
_TEXTS = ("string", "securestring")


def read_parameters(given: Iterable[str], declared: Mapping[str, Json], pipeline: str) -> dict[str, Json]:
    """`name=value` each, read by the declared type: texts as they are, everything else as JSON."""
    names = {name.lower(): name for name in declared}
    found: dict[str, Json] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise LocalAzureError(f"-p {text}: expected NAME=VALUE")
        known = names.get(name.lower())
        if known is None:
            listed = ", ".join(f"{key} ({_type(document)})" for key, document in declared.items()) or "none"
            raise LocalAzureError(f"pipeline '{pipeline}' has no parameter '{name}'; it has: {listed}")
        found[known] = _value(known, value, _type(declared[known]))
    return found


def _value(name: str, text: str, type_: str) -> Json:
    if type_.lower() in _TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise LocalAzureError(f"-p {name}={text}: expected JSON of type {type_} ({error})") from error


def _type(document: Json) -> str:
    return str(document.get("type", "String"))


def find_run(api: FactoryApi, given: str) -> str:
    """The id of a run: given whole, by its beginning, or as `last`, the newest that no other run started."""
    if len(given) == _ID_LENGTH:
        return given
    runs = api.runs(RunFilter(limit=_SEARCHED))
    if given == NEWEST:
        matches = [str(run["runId"]) for run in runs if not (run.get("invokedBy") or {}).get("pipelineRunId")][:1]
    else:
        matches = [str(run["runId"]) for run in runs if run["runId"].startswith(given.lower())]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        raise LocalAzureError(
            f"no run of factory '{api.target.factory.name}' is '{given}': see 'local-azure factory runs'"
        )
    raise LocalAzureError(f"'{given}' is the beginning of {len(matches)} runs, among them {', '.join(matches[:3])}")
