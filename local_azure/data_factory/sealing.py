"""Encrypts what the state folder keeps and nobody may read there: secret parameters, hidden outputs, credentials."""

from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from local_azure.errors import LocalAzureError
from local_azure.state import write_private


class Seal:
    """One key: what it seals, only it opens."""

    def __init__(self, key: bytes) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise LocalAzureError("the key of the Data Factory's store is not a Fernet key of 32 bytes") from error

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode("utf-8", "surrogatepass")).decode()

    def unseal(self, sealed: str) -> str:
        """The text again; LocalAzureError when another key sealed it."""
        try:
            return self._fernet.decrypt(sealed).decode("utf-8", "surrogatepass")
        except InvalidToken as error:
            raise LocalAzureError(
                "the Data Factory's store was written with another key: start with the state folder that it belongs to"
            ) from error


def load_or_create_key(file: Path) -> bytes:
    """The key in this file, which is made when it is missing and readable by its owner alone."""
    if file.exists():
        return file.read_bytes().strip()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Fernet.generate_key()
    write_private(file, key + b"\n")
    return key
