"""What the vault refuses: status, code and message as Key Vault words them."""

from local_azure.errors import LocalAzureError


class KeyVaultError(LocalAzureError):
    """A request that is answered with Key Vault's error body."""

    def __init__(self, status: int, code: str, message: str, *, inner: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        # The finer code below `innererror`; clients tell a disabled or deleted secret by it.
        self.inner = inner


def bad_parameter(message: str) -> KeyVaultError:
    """The answer to a name, body or query that the vault does not take."""
    return KeyVaultError(400, "BadParameter", message)


def not_found(name: str, version: str = "") -> KeyVaultError:
    """The answer for a secret, or a version of it, that does not exist."""
    identifier = f"{name}/{version}" if version else name
    return KeyVaultError(
        404,
        "SecretNotFound",
        f"A secret with (name/id) {identifier} was not found in this key vault. If you recently deleted this secret "
        "you may be able to recover it using the correct recovery command.",
    )


def not_deleted(name: str) -> KeyVaultError:
    """The answer for a deleted secret that does not exist."""
    return KeyVaultError(404, "SecretNotFound", f"Deleted Secret not found: {name}")


def deleted_but_recoverable(name: str) -> KeyVaultError:
    """The answer to a write to a name that is in the bin."""
    return KeyVaultError(
        409,
        "Conflict",
        f"Secret {name} is currently in a deleted but recoverable state, and its name cannot be reused; "
        "in this state, the secret can only be recovered or purged.",
        inner="ObjectIsDeletedButRecoverable",
    )


def disabled(operation: str) -> KeyVaultError:
    """The answer to a read of a disabled secret."""
    message = f"Operation {operation} is not allowed on a disabled secret."
    return KeyVaultError(403, "Forbidden", message, inner="SecretDisabled")


def cannot_write(what: str) -> KeyVaultError:
    """The answer when the vault's own file cannot be written, as on a full disk; a status that clients do not retry."""
    return KeyVaultError(507, "InsufficientStorage", f"The vault cannot write {what}: free some space, then try again.")
