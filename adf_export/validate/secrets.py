"""Proves that no secret is in the output: neither one that this process knows, nor anything that looks like one.

A message says what was found and where, never the value.
"""

import base64
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias
from urllib.parse import quote, quote_plus

from adf_export.backends.documents import Document, resources
from adf_export.codes import SECRET_IN_DAG
from adf_export.diagnostics import Diagnostic, diagnostic, in_order
from adf_export.ir.factory import Factory
from adf_export.known_secrets import KnownSecret, known_secrets
from adf_export.validate.origins import Origins
from adf_export.validate.paths import Path, write_path
from adf_export.validate.reading import constants_in
from adf_export.validate.secret_forms import forms_in, is_secret_name
from adf_export.validate.shape import is_expression

__all__ = ["KnownSecret", "find_secrets", "known_secrets"]

Json: TypeAlias = Any
# Where values of the user's stand.
_VALUES: Final = frozenset({"globalParameters", "parameters", "typeProperties", "variables"})
_HINT: Final = 'keep it in the vault, and name it in the environment file: secret = "..."'


def find_secrets(factory: Factory, known: Iterable[KnownSecret] = ()) -> tuple[Diagnostic, ...]:
    """Every secret in the documents of a factory; `known` are values that must not be there in any form."""
    spellings = [(secret.what, spelling) for secret in known for spelling in _spellings(secret.value)]
    origins = Origins(factory)
    return in_order(
        [
            diagnostic(
                SECRET_IN_DAG,
                f"{document.kind} '{document.name}' holds {what}",
                origin=origins.of(document, path),
                hint=_HINT,
                path=f"{document.path}: {write_path(path)}",
            )
            for document in resources(factory)
            for path, what in _in_document(document, spellings)
        ]
    )


def _in_document(document: Document, spellings: list[tuple[str, str]]) -> Iterator[tuple[Path, str]]:
    for path, text, is_name in _texts(document.content(), ()):
        told = is_name
        for part in constants_in(text) if is_expression(text) else (text,):
            for what in (*_known(part, spellings), *forms_in(part)):
                told = True
                yield path, what
        if not told and text and not is_expression(text) and _names_a_secret(path):
            yield path, f"a text in '{_name(path)}', which is for secrets"


def _texts(value: Json, path: Path) -> Iterator[tuple[Path, str, bool]]:
    """(path, text, whether it is the name of a member)"""
    if isinstance(value, str):
        yield path, value, False
    elif isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name), name, True
            yield from _texts(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))


def _known(text: str, spellings: list[tuple[str, str]]) -> Iterator[str]:
    yield from (what for what, spelling in spellings if spelling in text)


def _spellings(value: str) -> Iterator[str]:
    """A value as it is, within an address, and in base64 (as Basic authentication has it, as far as it is aligned)."""
    yield from dict.fromkeys((value, quote(value, safe=""), quote_plus(value)))
    yield base64.b64encode(value.encode()).decode().rstrip("=")[: len(value)]


def _name(path: Path) -> str:
    return next(
        (step for step in reversed(path) if isinstance(step, str) and step not in ("value", "defaultValue")), ""
    )


def _names_a_secret(path: Path) -> bool:
    """The name of the innermost member; a type, a description or a reference to a vault is no secret."""
    return not _VALUES.isdisjoint(path) and is_secret_name(_name(path))
