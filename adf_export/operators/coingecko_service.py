"""What the CoinGecko operators share: the connection's plan, the dataset of answers, retries, and failing checks."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from adf_export.environment import Connection
from adf_export.ir.factory import (
    Activity,
    Body,
    Dataset,
    Json,
    LinkedService,
    Parameter,
    Policy,
    Role,
    obj,
    secret_reference,
)
from adf_export.ir.symbols import RunField, run
from adf_export.ir.unit import Attempts
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_lang.nodes import Node, call, literal, select

DEFAULT: Final = "coingecko_default"
_WAITS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a plan of CoinGecko means for calls; the plugin's client has the same table."""

    url: str
    # None: the plan has no key.
    header: str | None
    # None: the whole history.
    days: int | None


_PUBLIC: Final = "https://api.coingecko.com/api/v3"
PLANS: Final[Mapping[str, Plan]] = {
    "demo": Plan(url=_PUBLIC, header="x-cg-demo-api-key", days=365),
    "keyless": Plan(url=_PUBLIC, header=None, days=365),
    "pro": Plan(url="https://pro-api.coingecko.com/api/v3", header="x-cg-pro-api-key", days=None),
}


def plan_of(bench: Workbench, connection: Connection) -> Plan:
    name = connection.extra.get("plan", "demo" if connection.secret else "keyless")
    plan = PLANS.get(str(name))
    if plan is None:
        raise bench.connection_fault(connection, f"has plan {name!r}", hint=f"use one of {', '.join(PLANS)}")
    if (plan.header is None) == bool(connection.secret):
        has = "a" if connection.secret else "no"
        hint = "leave it out: plan keyless sends no key" if connection.secret else 'secret = "<name in the vault>"'
        raise bench.connection_fault(connection, f"has plan {name!r} and {has} secret", hint=hint)
    return plan


def url_of(connection: Connection) -> str:
    if not connection.configured:
        return f"https://{connection.conn_id.replace('_', '-')}.invalid"
    given = PLANS.get(str(connection.extra.get("plan", "keyless")))
    return (connection.host or (given.url if given else _PUBLIC)).rstrip("/")


def history_of(bench: Workbench, connection: Connection) -> int | None:
    return number_of(bench, connection, "history_days", plan_of(bench, connection).days or 0) or None


def number_of(bench: Workbench, connection: Connection, name: str, default: int) -> int:
    """A whole number in the connection's extra.

    Raises:
        Refusal: it is none.
    """
    found = connection.extra.get(name, default)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise bench.connection_fault(connection, f"has {name} = {found!r}, not a whole number")
    return found


def policy_of(bench: Workbench, connection: Connection) -> Policy:
    """At least the attempts of the operator's client."""
    task = bench.task
    attempts = number_of(bench, connection, "max_attempts", 5)
    return Policy(
        retry=max(task.retries, attempts - 1), retry_interval_seconds=max(_WAITS, int(task.retry_delay_seconds))
    )


def once(bench: Workbench) -> Attempts:
    """What fails in a check fails for good, as in Airflow; calls have their retries in their policies."""
    return replace(bench.attempts(), retries=0)


def answers(bench: Workbench, connection: Connection) -> str:
    """The dataset of CoinGecko's answers."""
    header = plan_of(bench, connection).header
    keys = obj({header: secret_reference(bench.vault(), connection.secret)}) if header else None
    service = bench.linked_service(
        LinkedService(
            name=connection.conn_id,
            type="HttpServer",
            properties=obj(url=f"{url_of(connection)}/", authenticationType="Anonymous", authHeaders=keys),
        )
    )
    location = obj(type="HttpServerLocation", relativeUrl=select(call("dataset"), "url"))
    return bench.dataset(
        Dataset(
            name=f"{service}_answer",
            type="Binary",
            linked_service=service,
            properties=obj(location=location),
            parameters=(Parameter(name="url", type="String", default=""),),
            description="An answer of the API by its path and query.",
        )
    )


def fail_if(bench: Workbench, wrong: Node, message: Json, *, after: Activity) -> Activity:
    fail = bench.activity(bench.name("fail"), "Fail", obj(message=message, errorCode="CoinGecko"), role=Role.HELPER)
    return bench.activity(
        bench.name("check"),
        "IfCondition",
        obj(expression=wrong),
        role=Role.HELPER,
        description="Fails as the operator does.",
        after=(after.name,),
        bodies=(Body(slot="ifTrueActivities", activities=(fail,)),),
    )


def landing_name(text: Json, replaced: str) -> Json:
    """A text in names of blobs, as the plugin makes it; `replaced`: what it may hold that such names must not."""
    if isinstance(text, str):
        return "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "_" for char in text)[:200]
    node = call("string", as_node(text))
    for char in replaced:
        node = call("replace", node, literal(char), literal("_"))
    return call("take", node, literal(200))


def run_name(bench: Workbench) -> Json:
    """In names of blobs; the operators take the id of the run where nothing is given."""
    given = bench.value("run_name") if bench.has("run_name") else run(RunField.RUN_ID)
    # Ids of runs in Airflow are made of letters, digits and _.~:+-
    return landing_name(given, ":+~")


def ingest_date(bench: Workbench) -> Json:
    """The day of the run where nothing is given."""
    if bench.has("ingest_date"):
        return bench.value("ingest_date")
    return call("formatDateTime", run(RunField.RUN_AFTER), literal("yyyy-MM-dd"))


def currency(bench: Workbench) -> Json:
    return bench.value("vs_currency") if bench.has("vs_currency") else "usd"


def coins(bench: Workbench, name: str) -> Json:
    """A list; a constant text is one with commas."""
    given = bench.value(name)
    if isinstance(given, str):
        return tuple(part.strip() for part in given.split(",") if part.strip())
    return () if given is None else given
