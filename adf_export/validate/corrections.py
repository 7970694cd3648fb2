"""Where Microsoft's type table says less than its pages and real factories do, and we follow these: a row each."""

from collections.abc import Mapping
from typing import Any, Final

Fact = Mapping[str, Any]
_ANYTHING: Final[Fact] = {"any": "any"}
_TEXT: Final[Fact] = {"any": "string"}

# (object of the table, property) -> its type.
TYPES: Final[Mapping[tuple[str, str], Fact]] = {
    # Objects and arrays are sent as JSON (control-flow-web-activity, and templates of Azure/Azure-DataFactory).
    ("AzureFunctionActivityTypeProperties", "body"): _ANYTHING,
    ("WebActivityTypeProperties", "body"): _ANYTHING,
    ("WebHookActivityTypeProperties", "body"): _ANYTHING,
    # Objects, as the connectors' pages have them.
    ("HttpReadSettings", "additionalHeaders"): _ANYTHING,
    ("RestSource", "additionalColumns"): _ANYTHING,
    ("RestSource", "additionalHeaders"): _ANYTHING,
    ("RestSource", "paginationRules"): _ANYTHING,
    # Version 2.0 of the connector.
    ("AzurePostgreSqlLinkedServiceTypeProperties", "authenticationType"): _TEXT,
    # The activity's page has PATCH.
    ("WebActivityTypeProperties", "method"): {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
    # As Studio writes them; the service takes any case.
    ("GlobalParameterSpecification", "type"): {"enum": ["array", "bool", "float", "int", "object", "string"]},
    ("ParameterSpecification", "type"): {"enum": ["array", "bool", "float", "int", "object", "secureString", "string"]},
    ("VariableSpecification", "type"): {"enum": ["Array", "Boolean", "Integer", "String"]},
}
