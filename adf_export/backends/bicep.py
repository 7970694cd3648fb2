"""Writes a factory as Bicep: one file of resources, one of parameter values."""

from collections.abc import Iterator
from typing import Final

from adf_export.backends.plain import Plain
from adf_export.backends.template import (
    API_VERSION,
    FACTORY_NAME,
    Resource,
    TemplateParameter,
    Use,
    template,
)
from adf_export.ir.factory import Factory
from adf_export.names import Names

BICEP_FILE: Final = "factory.bicep"
PARAMETERS_FILE: Final = "factory.bicepparam"
_INDENT: Final = "  "
# Escapes of a text in single quotes; others are \\u{...}.
_ESCAPES: Final = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "$": "\\$"}
_FACTORY: Final = "factory"
# Type of a resource -> what its symbolic name begins with.
_SYMBOLS: Final = {
    "globalparameters": "globalParameters",
    "linkedServices": "linkedService",
    "datasets": "dataset",
    "pipelines": "pipeline",
}


def bicep_files(factory: Factory) -> dict[str, str]:
    """The two files, by their names."""
    built = template(factory)
    symbols = _symbols(built.resources, [parameter.name for parameter in built.parameters])
    blocks = [
        *map(_parameter, built.parameters),
        _existing_factory(),
        *(_resource(resource, symbols) for resource in built.resources),
    ]
    values = [f"param {parameter.name} = {value(parameter.value)}" for parameter in built.parameters]
    return {
        BICEP_FILE: "\n\n".join(blocks) + "\n",
        PARAMETERS_FILE: "\n".join((f"using './{BICEP_FILE}'", "", *values)) + "\n",
    }


def value(content: Plain, depth: int = 0) -> str:
    """A value as an expression of Bicep.

    >>> value({"a-b": [1, "it's"]})
    "{\\n  'a-b': [\\n    1\\n    'it\\\\'s'\\n  ]\\n}"
    """
    if isinstance(content, Use):
        return content.parameter
    if isinstance(content, dict):
        members = [f"{_key(name)}: {value(member, depth + 1)}" for name, member in content.items()]
        return _block("{", members, "}", depth)
    if isinstance(content, list):
        return _block("[", [value(item, depth + 1) for item in content], "]", depth)
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, float):
        return f"json('{content!r}')"  # the language has no fractions
    return _text(content) if isinstance(content, str) else str(content)


def _parameter(parameter: TemplateParameter) -> str:
    lines = [f"@description({_text(parameter.description)})"]
    if parameter.type == "secureString":
        return "\n".join((*lines, "@secure()", f"param {parameter.name} string"))
    return "\n".join((*lines, f"param {parameter.name} {parameter.type} = {value(parameter.value)}"))


def _existing_factory() -> str:
    kind = f"'Microsoft.DataFactory/factories@{API_VERSION}'"
    return f"resource {_FACTORY} {kind} existing = {{\n{_INDENT}name: {FACTORY_NAME}\n}}"


def _resource(resource: Resource, symbols: dict[tuple[str, str], str]) -> str:
    kind = f"'Microsoft.DataFactory/factories/{resource.type}@{API_VERSION}'"
    members = [
        f"parent: {_FACTORY}",
        f"name: {_text(resource.name)}",
        f"properties: {value(resource.properties, 1)}",
    ]
    if resource.depends_on:
        members.append(f"dependsOn: {_block('[', [symbols[key] for key in resource.depends_on], ']', 1)}")
    return f"resource {symbols[resource.type, resource.name]} {kind} = {_block('{', members, '}', 0)}"


def _symbols(resources: tuple[Resource, ...], taken: list[str]) -> dict[tuple[str, str], str]:
    names = Names(length=120, taken=(*taken, _FACTORY))
    return {
        (resource.type, resource.name): names.take(f"{_SYMBOLS[resource.type]}_{''.join(_letters(resource.name))}")
        for resource in resources
    }


def _letters(name: str) -> Iterator[str]:
    for char in name:
        yield char if char.isascii() and char.isalnum() else "_"


def _key(name: str) -> str:
    is_identifier = name.isascii() and name.isidentifier() and name not in ("true", "false", "null")
    return name if is_identifier else _text(name)


def _text(content: str) -> str:
    return "'" + "".join(_char(content, index) for index in range(len(content))) + "'"


def _char(content: str, index: int) -> str:
    char = content[index]
    if char == "$" and content[index + 1 : index + 2] != "{":
        return char
    if char.isprintable() or char in _ESCAPES:
        return _ESCAPES.get(char, char)
    return f"\\u{{{ord(char):x}}}"


def _block(opening: str, items: list[str], closing: str, depth: int) -> str:
    if not items:
        return opening + closing
    inner = _INDENT * (depth + 1)
    return "\n".join((opening, *(inner + item for item in items), _INDENT * depth + closing))
