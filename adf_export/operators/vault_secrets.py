"""Secrets that an activity sends in a header: a Web activity reads them from the vault, hidden from every record."""

from dataclasses import replace

from adf_export.ir.factory import Activity, Policy, Role, obj
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Node, call, literal, select


def secret_step(bench: Workbench, secret: str, policy: Policy | None = None) -> Activity:
    """The activity that reads a secret; who uses it needs `secure_input`."""
    bench.vault()
    vault = bench.context.environment.key_vault or "https://key-vault.vault.azure.net"
    return bench.activity(
        bench.name("key"),
        "WebActivity",
        obj(
            method="GET",
            url=f"{vault}/secrets/{secret}?api-version=7.4",
            authentication=obj(type="MSI", resource="https://vault.azure.net"),
        ),
        role=Role.HELPER,
        description=f"Reads secret '{secret}'.",
        policy=replace(policy or Policy(), secure_output=True),
    )


def secret_value(step: Activity) -> Node:
    """The secret that a step has read."""
    return select(call("activity", literal(step.name)), "output", "value")
