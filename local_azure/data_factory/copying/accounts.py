"""Opens the storage account of a linked service."""

from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.identity_tokens import token_of
from local_azure.data_factory.linked_services import BlobStorage
from local_azure.data_factory.stores.blob import BlobAccount
from local_azure.data_factory.stores.blob_access import BlobAccess, ManagedIdentity, SharedKey

# The audience of tokens for Blob Storage.
RESOURCE = "https://storage.azure.com"


def open_account(service: BlobStorage, context: ActivityContext) -> BlobAccount:
    """The account, by key, or by a token of the factory's identity that is asked for at each request."""

    async def token() -> str:
        return await token_of(RESOURCE, context)

    access: BlobAccess = (
        ManagedIdentity(token=token) if service.key is None else SharedKey(account=service.account, key=service.key)
    )
    return BlobAccount(url=service.url, shown=service.endpoint, access=access, http=context.services.http)
