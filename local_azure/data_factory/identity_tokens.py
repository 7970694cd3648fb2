"""Tokens of the factory's managed identity, for activities: failures as Data Factory's error 2403, tokens masked."""

from typing import TYPE_CHECKING

import httpx

from local_azure.data_factory.errors import ActivityError
from local_azure.errors import LocalAzureError

if TYPE_CHECKING:
    # Only here: activities import linked services.
    from local_azure.data_factory.activities.base import ActivityContext

NO_TOKEN = "2403"


async def token_of(resource: str, context: "ActivityContext") -> str:
    """An access token for a resource; no record shows it.

    Raises:
        ActivityError: the identity service gives none.
    """
    try:
        token = await context.services.token(resource)
    except (LocalAzureError, httpx.HTTPError) as error:
        factory = context.system.get("DataFactory", "")
        raise ActivityError(
            NO_TOKEN, f"Get access token from MSI failed for Datafactory {factory}, resource '{resource}': {error}"
        ) from error
    context.mask(token)
    return token
