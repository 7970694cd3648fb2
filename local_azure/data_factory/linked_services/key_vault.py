"""AzureKeyVault: where secrets are fetched, with the managed identity."""

from dataclasses import dataclass

from local_azure.data_factory.linked_services.base import LinkedServiceType, ResolvedLinkedService
from local_azure.data_factory.linked_services.reader import Reader


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVault(ResolvedLinkedService):
    """A vault; `base_url` is Azure's, without a slash at its end."""

    base_url: str


async def _read(reader: Reader) -> KeyVault:
    return KeyVault(name=reader.name, base_url=reader.text("baseUrl").rstrip("/"))


TYPE = LinkedServiceType(name="AzureKeyVault", gives=KeyVault, read=_read, properties=frozenset({"baseUrl"}))
