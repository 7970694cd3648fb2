"""The vault's wire form: what it reads from a body and writes into an answer."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from local_azure.key_vault.store import PURGE_AFTER_SECONDS, Attributes, DeletedSecret, SecretVersion


class AttributesIn(BaseModel):
    """`attributes` of a body; the read-only ones are what clients send back from an answer, and are not used."""

    model_config = ConfigDict(extra="forbid")

    enabled: StrictBool | None = None
    nbf: StrictInt | None = None
    exp: StrictInt | None = None
    created: StrictInt | None = None
    updated: StrictInt | None = None
    recoverable_days: StrictInt | None = Field(None, alias="recoverableDays")
    recovery_level: StrictStr | None = Field(None, alias="recoveryLevel")


class UpdateIn(BaseModel):
    """The body of PATCH /secrets/{name}/{version}."""

    model_config = ConfigDict(extra="forbid")

    content_type: StrictStr | None = Field(None, alias="contentType")
    attributes: AttributesIn = AttributesIn.model_validate({})
    tags: dict[StrictStr, StrictStr] | None = None

    def to_attributes(self) -> Attributes:
        """The body in the store's words."""
        return Attributes(
            enabled=self.attributes.enabled,
            not_before=self.attributes.nbf,
            expires=self.attributes.exp,
            content_type=self.content_type,
            tags=self.tags,
        )


class SetIn(UpdateIn):
    """The body of PUT /secrets/{name}."""

    value: StrictStr


def item(secret: SecretVersion, identifier: str) -> dict[str, Any]:
    """One line of a list: all but the value."""
    attributes: dict[str, Any] = {
        "enabled": secret.enabled,
        "created": secret.created,
        "updated": secret.updated,
        "recoveryLevel": "Recoverable+Purgeable",
        "recoverableDays": PURGE_AFTER_SECONDS // 86400,
    }
    optional = {"nbf": secret.not_before, "exp": secret.expires}
    attributes |= {name: value for name, value in optional.items() if value is not None}
    document: dict[str, Any] = {"id": identifier, "attributes": attributes}
    described = {"contentType": secret.content_type, "tags": secret.tags}
    return document | {name: value for name, value in described.items() if value is not None}


def bundle(secret: SecretVersion, base: str) -> dict[str, Any]:
    """One version with its value."""
    return {"value": secret.value, **item(secret, version_id(secret, base))}


def deleted_item(deleted: DeletedSecret, base: str, identifier: str) -> dict[str, Any]:
    """A secret in the bin; its value is not told."""
    return item(deleted.latest, identifier) | {
        "recoveryId": f"{base}/deletedsecrets/{deleted.latest.name}",
        "deletedDate": deleted.deleted,
        "scheduledPurgeDate": deleted.purge,
    }


def secret_id(secret: SecretVersion, base: str) -> str:
    """The identifier of a secret, whatever its version."""
    return f"{base}/secrets/{secret.name}"


def version_id(secret: SecretVersion, base: str) -> str:
    """The identifier of one version."""
    return f"{secret_id(secret, base)}/{secret.version}"
