"""The factory that every state folder has from its first start."""

from local_azure.data_factory.records import FactoryId

# Fixed, so that what names them in scripts and connections works with every state folder.
SUBSCRIPTION = "d7f3a1c2-5b84-4e0e-9c6a-1f2e3d4c5b6a"
RESOURCE_GROUP = "local"
FACTORY = "local"
LOCATION = "local"


def local_factory(name: str = FACTORY) -> FactoryId:
    """A factory of the local subscription."""
    return FactoryId(subscription=SUBSCRIPTION, resource_group=RESOURCE_GROUP, name=name)
