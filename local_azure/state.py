"""Names every path below a state folder and keeps its random secrets."""

import base64
import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from local_azure.errors import LocalAzureError


@dataclass(frozen=True, slots=True)
class State:
    """One running set of stand-ins keeps everything below this folder, and nothing elsewhere."""

    root: Path

    @property
    def lock(self) -> Path:
        return self.root / "up.lock"

    @property
    def endpoints(self) -> Path:
        return self.root / "endpoints.json"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def blob(self) -> Path:
        return self.root / "blob"

    @property
    def key_vault(self) -> Path:
        return self.root / "key_vault"

    @property
    def identity(self) -> Path:
        return self.root / "identity"

    @property
    def data_factory(self) -> Path:
        return self.root / "data_factory"

    @property
    def databricks(self) -> Path:
        return self.root / "databricks"

    @property
    def metastore(self) -> Path:
        return self.root / "metastore"

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def checkpoints(self) -> Path:
        return self.root / "lakehouse" / "checkpoints"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    def create(self) -> None:
        """Make the folders; the root is for its owner alone, since it holds keys."""
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (
                self.logs,
                self.blob,
                self.key_vault,
                self.data_factory,
                self.databricks,
                self.metastore,
                self.warehouse,
                self.checkpoints,
                self.tls,
            ):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LocalAzureError(f"cannot make the state folder {self.root}: {error.strerror}") from error


def _account_key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


# One line a secret: how a fresh state folder makes it.
_MAKERS: dict[str, Callable[[], str]] = {
    "admin_token": lambda: secrets.token_urlsafe(32),
    "azurite_key": _account_key,
    "coingecko_demo_key": lambda: f"CG-{secrets.token_hex(12)}",
    "coingecko_pro_key": lambda: f"CG-{secrets.token_hex(12)}",
    "databricks_token": lambda: f"dapi{secrets.token_hex(16)}",
    "identity_header": lambda: secrets.token_hex(32),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secrets:
    """What a client of the stand-ins must show; random for each state folder."""

    admin_token: str
    azurite_key: str
    coingecko_demo_key: str
    coingecko_pro_key: str
    databricks_token: str
    identity_header: str

    @classmethod
    def load(cls, state: State) -> "Secrets":
        """The secrets of a state folder that was used before."""
        return cls(**_read_secrets(state))

    @classmethod
    def load_or_create(cls, state: State) -> "Secrets":
        """The secrets of a state folder; missing ones are made and kept."""
        known = _read_secrets(state) if state.secrets.exists() else {}
        made = {name: maker() for name, maker in _MAKERS.items() if name not in known}
        found = cls(**(known | made))
        if made:
            write_private(state.secrets, json.dumps(asdict(found), indent=2) + "\n")
        return found


def _read_secrets(state: State) -> dict[str, str]:
    try:
        document = json.loads(state.secrets.read_text())
    except FileNotFoundError as error:
        raise LocalAzureError(f"{state.root} holds no secrets.json: start it with 'local-azure up'") from error
    except ValueError as error:
        raise LocalAzureError(f"{state.secrets} is not JSON ({error}): delete it, then 'local-azure up'") from error
    names = {field.name for field in fields(Secrets)}
    return {name: value for name, value in document.items() if name in names}


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file at once, readable by its owner alone; a crash leaves the old file or the new one."""
    data = content.encode() if isinstance(content, str) else content
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError as error:
        scratch.unlink(missing_ok=True)
        raise LocalAzureError(f"cannot write {path}: {error.strerror}") from error
