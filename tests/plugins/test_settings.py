"""The Airflow connection: read strictly, told clearly, shown to Airflow as a provider."""

import pickle
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # no stubs in the environment
import pytest
from airflow._shared.providers_discovery.providers_discovery import _read_schema_from_resources_or_local_file

from adf_export_airflow import get_provider_info
from adf_export_airflow.coingecko.errors import CoinGeckoSetupError
from adf_export_airflow.coingecko.hook import CoinGeckoHook
from adf_export_airflow.coingecko.plans import Plan
from adf_export_airflow.coingecko.settings import EXTRA_FIELDS, ClientSettings, ConnectionFields, read_settings
from tests.plugins.clients import KEY, coingecko_connection
from tests.plugins.conftest import LocalCoinGecko


def settings(host: str = "", password: str = "", **extra: Any) -> ClientSettings:
    fields = ConnectionFields(conn_id="cg", host=host, password=password, extra=extra)
    return read_settings(fields, default_folder=Path("/limit"))


@pytest.mark.parametrize(
    ("password", "extra", "expected"),
    [
        ("", {}, (Plan.KEYLESS, "https://api.coingecko.com/api/v3", 10, 365)),
        ("", {"plan": ""}, (Plan.KEYLESS, "https://api.coingecko.com/api/v3", 10, 365)),
        (KEY, {"plan": "demo"}, (Plan.DEMO, "https://api.coingecko.com/api/v3", 30, 365)),
        (KEY, {"plan": "pro"}, (Plan.PRO, "https://pro-api.coingecko.com/api/v3", 250, None)),
        (
            KEY,
            {"plan": "demo", "rate_limit_per_minute": "7.5"},
            (Plan.DEMO, "https://api.coingecko.com/api/v3", 7.5, 365),
        ),
        (KEY, {"plan": "demo", "history_days": 0}, (Plan.DEMO, "https://api.coingecko.com/api/v3", 30, None)),
    ],
)
def test_plans(password: str, extra: dict[str, Any], expected: tuple[Any, ...]) -> None:
    read = settings(password=password, **extra)
    assert (read.plan, read.base_url, read.rate_limit_per_minute, read.history_days) == expected


def test_everything_given() -> None:
    read = settings(
        "http://127.0.0.1:9/api/v3/",
        f" {KEY}\n",
        plan="demo",
        burst="4",
        max_attempts=2,
        max_refusals=3,
        connect_timeout=1,
        read_timeout="2.5",
        rate_limit_folder="/elsewhere",
    )
    assert (read.base_url, read.key, read.burst, read.max_attempts) == ("http://127.0.0.1:9/api/v3", KEY, 4, 2)
    assert (read.max_refusals, read.connect_timeout, read.read_timeout) == (3, 1, 2.5)
    assert read.rate_limit_folder == Path("/elsewhere")
    assert KEY not in repr(read)


@pytest.mark.parametrize(
    ("host", "password", "extra", "said"),
    [
        ("", KEY, {}, "names no plan"),
        ("", "", {"plan": "demo"}, "needs an API key"),
        ("", KEY, {"plan": "keyless"}, "sends no key"),
        ("", KEY, {"plan": "gold"}, "one of keyless, demo, pro"),
        ("", KEY, {"plan": ["demo"]}, "unknown plan"),
        ("", f"{KEY}\nX-Evil: 1", {"plan": "demo"}, "character that no key has"),
        ("", "schlüssel", {"plan": "demo"}, "character that no key has"),
        ("api.coingecko.com", "", {}, "the whole address"),
        ("ftp://api.coingecko.com", "", {}, "the whole address"),
        ("http://", "", {}, "the whole address"),
        ("http://[::1", "", {}, "the whole address"),
        ("http://h:99999/x", "", {}, "the whole address"),
        ("http://user:pw@h/x", "", {}, "more than an address"),
        ("http://h/x?key=1", "", {}, "more than an address"),
        ("", "", {"max_refusal": 5}, "Did you mean max_refusals"),
        ("", "", {"rate_limit_per_minute": 0}, "at least 0.01"),
        ("", "", {"rate_limit_per_minute": "fast"}, "at least 0.01"),
        ("", "", {"rate_limit_per_minute": "nan"}, "at least 0.01"),
        ("", "", {"burst": 0}, "at least 1"),
        ("", "", {"burst": 1.5}, "whole number"),
        ("", "", {"max_attempts": True}, "whole number"),
    ],
)
def test_faults_are_told_with_place_and_remedy(host: str, password: str, extra: dict[str, Any], said: str) -> None:
    with pytest.raises(CoinGeckoSetupError, match="connection 'cg'") as caught:
        settings(host, password, **extra)
    assert said in str(caught.value)
    assert KEY not in str(caught.value)


def test_hook_reads_airflows_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_CG_TEST", coingecko_connection("http://127.0.0.1:9/api/v3", tmp_path))
    hook = CoinGeckoHook("cg_test")
    assert hook.settings.key == KEY
    assert KEY not in repr(hook.get_conn())
    assert KEY.encode() not in pickle.dumps(hook)
    assert pickle.loads(pickle.dumps(hook)).coingecko_conn_id == "cg_test"


def test_hook_without_connection() -> None:
    with pytest.raises(CoinGeckoSetupError, match="Airflow has no connection 'no_such_conn'"):
        _ = CoinGeckoHook("no_such_conn").settings


def test_default_folder_is_below_airflow_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", "/srv/airflow")
    monkeypatch.setenv("AIRFLOW_CONN_CG_TEST", '{"conn_type": "coingecko"}')
    assert CoinGeckoHook("cg_test").settings.rate_limit_folder == Path("/srv/airflow/adf_export/rate_limit")


def test_connection_button(coingecko: LocalCoinGecko, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    good, said = CoinGeckoHook().test_connection()
    assert good, said
    wrong = coingecko_connection(coingecko.host, tmp_path, password="CG-wrong")
    monkeypatch.setenv("AIRFLOW_CONN_CG_TEST", wrong)
    good, said = CoinGeckoHook("cg_test").test_connection()
    assert not good
    assert "does not accept the API key" in said
    assert "CG-wrong" not in said
    coingecko.faults("503")
    assert CoinGeckoHook().test_connection()[0] is False


def test_provider_info_is_what_airflow_wants() -> None:
    info = get_provider_info()
    jsonschema.validate(info, _read_schema_from_resources_or_local_file("provider_info.schema.json"))
    jsonschema.validate(
        {key: info[key] for key in ("hooks", "operators", "connection-types")},
        {
            **_read_schema_from_resources_or_local_file("provider.yaml.schema.json"),
            "required": [],
        },
    )
    (connection,) = info["connection-types"]
    assert set(connection["conn-fields"]) == set(EXTRA_FIELDS)
    assert connection["hook-class-name"] == f"{CoinGeckoHook.__module__}.{CoinGeckoHook.__qualname__}"
    assert connection["connection-type"] == CoinGeckoHook.conn_type
