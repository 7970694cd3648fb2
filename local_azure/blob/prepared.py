"""Writes what an Azurite that we do not start needs to serve as ours does: accounts, certificate, key of tokens."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from local_azure import tls
from local_azure.blob.azurite import AzuriteSettings, BlobTls
from local_azure.identity.tokens import Tokens, load_or_create_key
from local_azure.state import Secrets, State, write_private


def write(state: State, folder: Path, *, hosts: Iterable[str], port: int) -> None:
    """Into the folder: `accounts` (AZURITE_ACCOUNTS), `tls.json` (the line for guard.js), certificate and key.

    The folder must be where that Azurite finds it, under the same path.
    """
    state.create()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    secrets, files = Secrets.load_or_create(state), tls.prepare(state, hosts)
    settings = AzuriteSettings(location=state.blob, logs=state.logs, key=secrets.azurite_key)
    certificate, key = folder / "server.pem", folder / "server.key.pem"
    for source, target in ((files.certificate, certificate), (files.key, key)):
        target.touch(mode=0o600)
        shutil.copyfile(source, target)
    tokens = Tokens(key=load_or_create_key(state), base_url="")
    blob_tls = BlobTls(certificate=certificate, key=key, public_key=tokens.public_key)
    write_private(folder / "accounts", settings.accounts)
    write_private(folder / "tls.json", blob_tls.document(port=port) + "\n")
