"""Makes all secrets of the compose stack, once: later starts keep them. Runs first, alone, and ends.

Each consumer gets a folder of its own with what it needs and nothing else:

| folder | for | holds |
|---|---|---|
| `postgres` | PostgreSQL | `password` |
| `airflow` | Airflow's services | what options `*_cmd` read, trusted certificates, `environment/` |
| `login` | Airflow's API server | `passwords.json`: the password of `admin` |
| `azurite` | Azurite | accounts, certificate and the key that tokens are checked with |
| `local-azure` | the stand-ins | `environment/`: the address of their database |

The stand-ins' own secrets stay in their state folder.
"""

import json
import secrets
import shutil
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path

from local_azure.state import Secrets, State
from local_azure.tls import prepare

ROOT = Path("/var/lib/adf-export/secrets")
STATE = State(Path("/var/lib/adf-export/state"))
HOSTS = ("local-azure", "azurite.local")
USER = "admin"


def main() -> None:
    password = once(ROOT / "postgres" / "password", lambda: secrets.token_urlsafe(24))
    # The server's image reads it as a user of its own.
    (ROOT / "postgres" / "password").chmod(0o444)
    write_local_azure(password)
    write_airflow(password)
    print("secrets are there")  # noqa: T201 - the log of a container


def write_local_azure(password: str) -> None:
    hosts = [part for host in HOSTS for part in ("--host", host)]
    prepare_command = ["local-azure", "prepare", str(ROOT / "azurite"), "--state", str(STATE.root), *hosts]
    subprocess.run(prepare_command, check=True)
    write_environment(
        ROOT / "local-azure",
        {"LOCAL_AZURE_DATA_FACTORY_STORE": f"postgresql://airflow:{password}@postgres/data_factory"},
    )


def write_airflow(password: str) -> None:
    folder = ROOT / "airflow"
    for name in ("fernet_key", "jwt_secret", "secret_key", "redis_password"):
        once(folder / name, lambda: urlsafe_b64encode(secrets.token_bytes(32)).decode())
    database = f"airflow:{password}@postgres/airflow"
    redis = (folder / "redis_password").read_text()
    texts = {
        "sql_alchemy_conn": f"postgresql+psycopg2://{database}",
        "result_backend": f"db+postgresql://{database}",
        "broker_url": f"redis://:{redis}@redis:6379/0",
    }
    for name, text in texts.items():
        write_private(folder / name, text)
    once(ROOT / "login" / "passwords.json", lambda: json.dumps({USER: secrets.token_urlsafe(18)}) + "\n")
    shutil.copyfile(prepare(STATE, HOSTS).bundle, folder / "bundle.pem")
    write_environment(folder, {"IDENTITY_HEADER": Secrets.load_or_create(STATE).identity_header})


def write_environment(folder: Path, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        write_private(folder / "environment" / name, value)


def once(file: Path, make: Callable[[], str]) -> str:
    if not file.exists():
        write_private(file, make())
    return file.read_text()


def write_private(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text)


if __name__ == "__main__":
    main()
