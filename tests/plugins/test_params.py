"""The ready Params: what a user may type before a run starts."""

import subprocess
import sys

import pytest
from airflow.sdk import Param
from airflow.sdk.exceptions import ParamValidationError

from adf_export_airflow.coingecko import params


@pytest.mark.parametrize(
    ("param", "good", "bad"),
    [
        (
            params.COINS,
            [[], ["bitcoin", "BTC"], ["hive_dollar"]],
            ["bitcoin", None, ["bit coin"], ["a", "a"], [1], [""]],
        ),
        (params.HISTORY_COINS, [["solana"]], [[], None, ["/"]]),
        (params.VS_CURRENCY, ["usd", "btc"], ["USD", "", None, "us dollar"]),
        (params.PAGES, [1, 40], [0, 41, "1", 1.5, None]),
        (params.PER_PAGE, [1, 250], [0, 251, None]),
        (params.DATE_FROM, [None, "2026-11-01"], ["01.11.2026", "2026-11-31", "", 5]),
        (params.DATE_TO, [None, "2026-11-01"], ["yesterday"]),
        (params.INGEST_DATE, [None, "2026-11-01"], ["2026-11"]),
        (params.RUN_NAME, [None, "a", "3f2c-1.x_y"], ["", "a/b", "-a", "a b", "../x"]),
        (params.QUALITY_MODE, ["fail", "warn"], ["ignore", None]),
    ],
)
def test_params(param: Param, good: list[object], bad: list[object]) -> None:
    param.resolve()
    for value in good:
        assert param.resolve(value) == value
    for value in bad:
        with pytest.raises(ParamValidationError):
            param.resolve(value)


LOADED = """
import sys
import airflow.sdk
import adf_export_airflow.coingecko.operators, adf_export_airflow.coingecko.params
print([name for name in ("azure", "pandas", "requests") if name in sys.modules])
"""


def test_a_dag_parse_loads_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
