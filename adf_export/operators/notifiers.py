"""Notifiers: what a callback of a DAG or task sends, as the activities of a failure path."""

from collections.abc import Mapping
from typing import Final

from adf_export.ir.factory import Policy, obj
from adf_export.ir.unit import Unit
from adf_export.operators.registry import Operator
from adf_export.operators.vault_secrets import secret_step, secret_value
from adf_export.operators.web_requests import as_text
from adf_export.operators.workbench import Workbench

_SLACK: Final = "https://hooks.slack.com/services"
_MESSAGE: Final = ("text", "attachments", "blocks", "unfurl_links", "unfurl_media")


def slack_webhook(bench: Workbench) -> Unit:
    """A message to an incoming webhook of Slack, whose address ends with a secret."""
    connection = bench.connection("slack_webhook_conn_id", default="slackwebhook_default")
    if connection.configured and not connection.secret:
        hint = f'[connections.{connection.conn_id}] secret = "<name of the secret that holds the webhook\'s token>"'
        raise bench.connection_fault(connection, "names no secret", hint=hint)
    if bench.has("proxy"):
        raise bench.not_exported("proxy", "a Web activity has none")
    key = secret_step(bench, connection.secret or f"{connection.conn_id}.invalid")
    message = {name: bench.value(name) for name in _MESSAGE if bench.has(name)}
    post = bench.activity(
        bench.name("notify"),
        "WebActivity",
        obj(
            method="POST",
            url=as_text(f"{(connection.host or _SLACK).rstrip('/')}/", secret_value(key)),
            headers=obj({"Content-Type": "application/json"}),
            body=obj(message),
        ),
        after=(key.name,),
        policy=Policy(secure_input=True),
    )
    return bench.unit(key, post)


NOTIFIERS: Final[Mapping[str, Operator]] = {
    "airflow.providers.slack.notifications.slack_webhook.SlackWebhookNotifier": Operator(
        translate=slack_webhook,
        activities=("WebActivity",),
        ignored={
            "context": "it is about Python",
            "retry_handlers": "a Web activity repeats its calls by itself",
            "timeout": "a Web activity has a time limit of its own",
        },
    )
}
