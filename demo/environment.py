"""The environment that the demo's children inherit."""

import os

from local_azure.spark_jars import cache_folder

# would make the demo's Airflow another one than it describes
AIRFLOW_PREFIX = "AIRFLOW_"
# read once by `local-azure up` into the Key Vault stand-in; no task may see it
COINGECKO_KEY = "COINGECKO_API_KEY"
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"


def child_environment(*, coingecko_key: bool = False) -> dict[str, str]:
    """Ours without the user's own Airflow settings, and without the CoinGecko key unless asked for."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(AIRFLOW_PREFIX)}
    if not coingecko_key:
        env.pop(COINGECKO_KEY, None)
    if env.pop(NO_BYTECODE, None):
        # Airflow's processes compile 3,000 modules: three times the start time, unless the result is kept,
        # here outside the folders where it is not wanted
        env.setdefault("PYTHONPYCACHEPREFIX", str(cache_folder() / "pycache"))
    return env
