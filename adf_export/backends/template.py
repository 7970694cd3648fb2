"""A factory as resources of a deployment, for ARM and Bicep alike: parameters, resources, what waits for what.

The factory itself is not among them: its identity, network and Git settings belong to who created it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from adf_export.backends.documents import ARM_TYPES, Document, Kind, resources
from adf_export.backends.plain import Plain
from adf_export.ir.factory import Factory
from adf_export.names import Names

FACTORY_NAME: Final = "factoryName"
API_VERSION: Final = "2018-06-01"
GLOBAL_PARAMETERS: Final = "globalparameters"
# The only resource of its type.
_DEFAULT: Final = "default"

# Members of typeProperties of linked services that become parameters: those of Studio's default, and what tells one
# Databricks workspace from another (continuous-integration-delivery-resource-manager-custom-parameters).
_ENDPOINTS: Final = frozenset(
    {
        "aadResourceId",
        "accessKeyId",
        "accountName",
        "baseUrl",
        "batchUri",
        "clientId",
        "clusterResourceGroup",
        "clusterSshUserName",
        "clusterUserName",
        "dataLakeStoreUri",
        "database",
        "databaseName",
        "domain",
        "environmentUrl",
        "existingClusterId",
        "functionAppUrl",
        "host",
        "hostKeyFingerprint",
        "hostSubscriptionId",
        "poolName",
        "resourceGroupName",
        "server",
        "serviceEndpoint",
        "servicePrincipalId",
        "subscriptionId",
        "systemNumber",
        "tenant",
        "url",
        "userId",
        "userName",
        "username",
        "workspaceResourceId",
    }
)
_CONNECTION_STRING: Final = "connectionString"
# Type of a global parameter -> type of a template's parameter; others have none.
_TYPES: Final[Mapping[str, str]] = {
    "array": "array",
    "bool": "bool",
    "int": "int",
    "object": "object",
    "string": "string",
}
_REFERENCES: Final[Mapping[str, Kind]] = {
    "DatasetReference": Kind.DATASET,
    "LinkedServiceReference": Kind.LINKED_SERVICE,
    "PipelineReference": Kind.PIPELINE,
}


@dataclass(frozen=True, slots=True)
class Use:
    """Where a parameter's value goes."""

    parameter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateParameter:
    """A parameter of the deployment."""

    name: str
    # string, secureString, int, bool, array, object
    type: str
    value: Plain
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A child of the factory."""

    # Last part of its type: linkedServices
    type: str
    name: str
    # Plain JSON, with `Use` where a parameter's value goes.
    properties: Plain
    # (type, name)
    depends_on: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A deployment."""

    parameters: tuple[TemplateParameter, ...]
    resources: tuple[Resource, ...]


def template(factory: Factory) -> Template:
    """The deployment of a factory's documents into a factory that exists."""
    return _Builder(resources(factory)).build()


class _Builder:
    def __init__(self, documents: tuple[Document, ...]) -> None:
        self._factory, *self._documents = documents
        self._known = {(document.kind, document.name.lower()): document.name for document in documents}
        self._names = Names(length=255, taken=(FACTORY_NAME,))
        self._parameters: list[TemplateParameter] = []

    def build(self) -> Template:
        own = TemplateParameter(
            name=FACTORY_NAME, type="string", value=self._factory.name, description="Data Factory name"
        )
        built = [*self._global_parameters(), *map(self._resource, self._documents)]
        return Template(parameters=(own, *self._parameters), resources=tuple(built))

    def _global_parameters(self) -> Iterator[Resource]:
        declared = self._factory.properties.get("globalParameters", {})
        if declared:
            properties = {name: self._global_parameter(name, item) for name, item in declared.items()}
            yield Resource(type=GLOBAL_PARAMETERS, name=_DEFAULT, properties=properties)

    def _global_parameter(self, name: str, item: Plain) -> Plain:
        type = _TYPES.get(item["type"])
        if type is None:
            return item
        return {**item, "value": self._use(f"{_DEFAULT}_properties_{name}_value", type, item["value"], name)}

    def _resource(self, document: Document) -> Resource:
        properties = document.properties
        if document.kind is Kind.LINKED_SERVICE:
            properties = {**properties, "typeProperties": self._endpoints(document.name, properties["typeProperties"])}
        needed = sorted(set(self._references(document.properties)) - {(document.kind, document.name)})
        return Resource(
            type=ARM_TYPES[document.kind],
            name=document.name,
            properties=properties,
            depends_on=tuple((ARM_TYPES[kind], name) for kind, name in needed),
        )

    def _endpoints(self, service: str, properties: Plain) -> Plain:
        return {name: self._endpoint(service, name, value) for name, value in properties.items()}

    def _endpoint(self, service: str, name: str, value: Plain) -> Plain:
        if not isinstance(value, str):
            return value
        if name == _CONNECTION_STRING:
            return self._use(f"{service}_{name}", "secureString", value, f"{name} of {service}")
        if name in _ENDPOINTS:
            return self._use(f"{service}_properties_typeProperties_{name}", "string", value, f"{name} of {service}")
        return value

    def _use(self, wanted: str, type: str, value: Plain, description: str) -> Use:
        name = self._names.take("".join(char if char.isalnum() and char.isascii() else "_" for char in wanted))
        self._parameters.append(TemplateParameter(name=name, type=type, value=value, description=description))
        return Use(name)

    def _references(self, value: Plain) -> Iterator[tuple[Kind, str]]:
        """The documents of the factory that a value names."""
        if isinstance(value, list):
            for item in value:
                yield from self._references(item)
        elif isinstance(value, dict):
            kind = _REFERENCES.get(str(value.get("type")))
            name = self._known.get((kind, str(value.get("referenceName")).lower())) if kind else None
            if kind is not None and name is not None:
                yield kind, name
            for item in value.values():
                yield from self._references(item)
