"""Writes a factory as Data Factory Studio publishes one: an ARM template and its parameters."""

from typing import Final

from adf_export.backends.documents import text
from adf_export.backends.plain import Plain
from adf_export.backends.template import (
    API_VERSION,
    FACTORY_NAME,
    Resource,
    Template,
    TemplateParameter,
    Use,
    template,
)
from adf_export.ir.factory import Factory

TEMPLATE_FILE: Final = "ARMTemplateForFactory.json"
PARAMETERS_FILE: Final = "ARMTemplateParametersForFactory.json"
_SCHEMA: Final = "http://schema.management.azure.com/schemas/2015-01-01/deployment{}.json#"
_VERSION: Final = "1.0.0.0"


def arm_files(factory: Factory) -> dict[str, str]:
    """The two files, by their names."""
    built = template(factory)
    return {TEMPLATE_FILE: text(_template(built)), PARAMETERS_FILE: text(_parameters(built))}


def escaped(value: Plain) -> Plain:
    """A value of a template: texts in brackets are expressions there, but for those that begin with two."""
    if isinstance(value, Use):
        return f"[parameters('{value.parameter}')]"
    if isinstance(value, dict):
        return {escaped(name): escaped(member) for name, member in value.items()}
    if isinstance(value, list):
        return [escaped(item) for item in value]
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        return f"[{value}"
    return value


def _template(built: Template) -> Plain:
    return {
        "$schema": _SCHEMA.format("Template"),
        "contentVersion": _VERSION,
        "parameters": {parameter.name: _declared(parameter) for parameter in built.parameters},
        "variables": {"factoryId": f"[concat('Microsoft.DataFactory/factories/', parameters('{FACTORY_NAME}'))]"},
        "resources": [_resource(resource) for resource in built.resources],
    }


def _declared(parameter: TemplateParameter) -> Plain:
    # A secure one has its value in the parameters file only.
    default = {} if parameter.type == "secureString" else {"defaultValue": escaped(parameter.value)}
    return {"type": parameter.type, "metadata": {"description": parameter.description}, **default}


def _resource(resource: Resource) -> Plain:
    return {
        "name": f"[concat(parameters('{FACTORY_NAME}'), '/{_quoted(resource.name)}')]",
        "type": f"Microsoft.DataFactory/factories/{resource.type}",
        "apiVersion": API_VERSION,
        "properties": escaped(resource.properties),
        "dependsOn": [
            f"[concat(variables('factoryId'), '/{type}/{_quoted(name)}')]" for type, name in resource.depends_on
        ],
    }


def _parameters(built: Template) -> Plain:
    """What is in it is taken as it is: there are no expressions in a parameters file."""
    return {
        "$schema": _SCHEMA.format("Parameters"),
        "contentVersion": _VERSION,
        "parameters": {parameter.name: {"value": parameter.value} for parameter in built.parameters},
    }


def _quoted(name: str) -> str:
    return name.replace("'", "''")
