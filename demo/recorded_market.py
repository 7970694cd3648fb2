"""Serves a folder of recorded CoinGecko answers beside the simulated market, for the demo's recorded run."""

import os
import sys
from pathlib import Path

import uvicorn

from local_azure.coingecko.service import build
from local_azure.errors import LocalAzureError

KEY_VARIABLE = "RECORDED_MARKET_KEY"
TOKEN_VARIABLE = "RECORDED_MARKET_TOKEN"


def main() -> None:
    """`python -m demo.recorded_market PORT FOLDER`; the keys come in the environment."""
    port, folder = sys.argv[1:]
    key = os.environ[KEY_VARIABLE]
    try:
        app = build(0, Path(folder), key, f"{key}-pro", admin_token=os.environ[TOKEN_VARIABLE])
    except LocalAzureError as error:
        raise SystemExit(str(error)) from error
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main()
