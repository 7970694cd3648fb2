"""Airflow hooks and operators of adf-export, announced to Airflow as a provider."""

from typing import Any

_ADF = "Azure Data Factory"


def get_provider_info() -> dict[str, Any]:
    """What Airflow reads at start: the connection type `coingecko`, its form, and where the operators are."""
    return {
        "package-name": "adf-export",
        "name": "adf-export",
        "description": "CoinGecko's market data into Blob Storage; pipelines of Data Factory, driven and mirrored.",
        "integrations": [
            {
                "integration-name": "CoinGecko",
                "external-doc-url": "https://docs.coingecko.com/",
                "tags": ["service"],
            },
            {
                "integration-name": _ADF,
                "external-doc-url": "https://learn.microsoft.com/azure/data-factory/",
                "tags": ["azure"],
            },
        ],
        "hooks": [
            {"integration-name": "CoinGecko", "python-modules": ["adf_export_airflow.coingecko.hook"]},
            {"integration-name": _ADF, "python-modules": ["adf_export_airflow.data_factory.hook"]},
        ],
        "operators": [
            {"integration-name": "CoinGecko", "python-modules": ["adf_export_airflow.coingecko.operators"]},
            {
                "integration-name": _ADF,
                "python-modules": [
                    "adf_export_airflow.data_factory.operators",
                    "adf_export_airflow.data_factory.mirror.operators",
                ],
            },
        ],
        "sensors": [{"integration-name": _ADF, "python-modules": ["adf_export_airflow.data_factory.sensors"]}],
        "triggers": [
            {
                "integration-name": _ADF,
                "python-modules": [
                    "adf_export_airflow.data_factory.triggers",
                    "adf_export_airflow.data_factory.mirror.trigger",
                ],
            }
        ],
        "connection-types": [
            {
                "connection-type": "coingecko",
                "hook-class-name": "adf_export_airflow.coingecko.hook.CoinGeckoHook",
                "hook-name": "CoinGecko",
                "ui-field-behaviour": {
                    "hidden-fields": ["schema", "port", "login"],
                    "relabeling": {"host": "Base URL (empty: the plan's own)", "password": "API key"},
                    "placeholders": {"host": "https://api.coingecko.com/api/v3"},
                },
                "conn-fields": {
                    "plan": {
                        "label": "Plan",
                        "description": "Decides the host and the header of the key; keyless sends none",
                        "schema": {"type": ["string", "null"], "enum": ["keyless", "demo", "pro"]},
                    },
                    "rate_limit_per_minute": {
                        "label": "Calls a minute",
                        "description": "Shared by all tasks of this machine; empty: the plan's default",
                        "schema": {"type": ["number", "null"], "minimum": 0.01},
                    },
                    "burst": {
                        "label": "Burst",
                        "description": "Calls that may follow each other at once",
                        "schema": {"type": ["integer", "null"], "minimum": 1},
                    },
                    "max_attempts": {
                        "label": "Attempts",
                        "description": "Calls made for one answer when the network or the server fails",
                        "schema": {"type": ["integer", "null"], "minimum": 1},
                    },
                    "max_refusals": {
                        "label": "Refusals",
                        "description": "429 answers after which a task gives up",
                        "schema": {"type": ["integer", "null"], "minimum": 1},
                    },
                    "connect_timeout": {
                        "label": "Connect timeout (s)",
                        "schema": {"type": ["number", "null"], "minimum": 0.1},
                    },
                    "read_timeout": {
                        "label": "Read timeout (s)",
                        "schema": {"type": ["number", "null"], "minimum": 0.1},
                    },
                    "history_days": {
                        "label": "Days of history",
                        "description": "How far back the plan reaches; 0: no limit; empty: the plan's default",
                        "schema": {"type": ["integer", "null"], "minimum": 0},
                    },
                    "rate_limit_folder": {
                        "label": "Folder of the shared rate limit",
                        "description": "On this machine; empty: below AIRFLOW_HOME",
                        "schema": {"type": ["string", "null"]},
                    },
                },
            }
        ],
    }
