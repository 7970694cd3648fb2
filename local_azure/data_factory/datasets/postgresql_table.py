"""AzurePostgreSqlTable: a table, or the database that a query is asked of."""

from local_azure.data_factory.datasets.base import Built, DatasetType, Location, Properties, TableLocation, of_type
from local_azure.data_factory.linked_services import PostgreSql
from local_azure.data_factory.linked_services.base import ResolvedLinkedService
from local_azure.data_factory.refusing import text


def _locate(properties: Properties, service: ResolvedLinkedService) -> Location:
    if not isinstance(service, PostgreSql):
        properties.fail("table", f"the linked service '{service.name}' is not an AzurePostgreSql")
    assert isinstance(service, PostgreSql)
    # tableName, of older datasets, has the schema in it.
    schema, _, table = properties.text("tableName").rpartition(".")
    return TableLocation(
        service=service,
        schema=properties.text("schema") or schema.strip('"'),
        table=properties.text("table") or table.strip('"'),
    )


def _build(properties: Properties) -> Built:
    return Built()


TYPE = DatasetType(
    name="AzurePostgreSqlTable",
    shape=of_type("AzurePostgreSqlTable", tableName=text, table=text, schema=text),
    locate=_locate,
    build=_build,
)
