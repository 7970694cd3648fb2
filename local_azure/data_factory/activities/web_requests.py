"""What the Web, WebHook and AzureFunction activities have in common: the request that their properties describe."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adf_lang.text import to_text, write_json
from local_azure.data_factory.activities.base import ActivityContext
from local_azure.data_factory.activities.values import string
from local_azure.data_factory.errors import ActivityError, Problem
from local_azure.data_factory.http_calls import Answer
from local_azure.data_factory.identity_tokens import token_of
from local_azure.data_factory.linked_services.base import INERT, INVALID
from local_azure.data_factory.linked_services.http_services import basic
from local_azure.data_factory.linked_services.secrets import is_secret, read_secret

Json = Any
MASK = "***"
# Error numbers of Data Factory: the answer, or the payload of the activity, is too large; a value is of a wrong type.
TOO_LARGE, PAYLOAD_TOO_LARGE, WRONG_TYPE = "2001", "2002", "2105"
MAX_PAYLOAD = 896 * 1024
WITH_BODY = ("PATCH", "POST", "PUT")
# Requests that change nothing, by HTTP's own definition: they may be sent again after a restart.
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
# Headers whose value no record shows; in small letters.
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-functions-key"})
# What Data Factory tells of where and how long an activity ran.
RUNTIME = "AutoResolveIntegrationRuntime (local)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as the activity describes it."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    # As the record shows it; None: there is none.
    body: Json = field(repr=False)
    content: bytes = field(repr=False)

    def recorded(self) -> dict[str, Json]:
        """What the activity's input shows."""
        shown = {name: MASK if name.lower() in SECRET_HEADERS else value for name, value in self.headers.items()}
        document: dict[str, Json] = {"method": self.method, "url": self.url, "headers": shown}
        return document if self.body is None else document | {"body": self.body}


async def read_headers(context: ActivityContext) -> dict[str, str]:
    """The activity's headers; a value may be a secret."""
    given = context.value("headers")
    if given in INERT:
        return {}
    if not isinstance(given, Mapping):
        raise ActivityError(WRONG_TYPE, "$.typeProperties.headers must be an object of header names and values")
    found: dict[str, str] = {}
    for name, value in given.items():
        place = f"$.typeProperties.headers.{name}"
        if is_secret(value):
            found[name] = await read_secret(value, context, place=place) or ""
        elif isinstance(value, dict | list):
            raise ActivityError(WRONG_TYPE, f"{place} must be a string")
        else:
            found[name] = to_text(value)
    return found


def read_body(context: ActivityContext) -> tuple[Json, bytes]:
    """The body as it is shown and as it is sent: a text as it is, anything else as JSON."""
    body = context.value("body")
    if body is None:
        return None, b""
    text = body if isinstance(body, str) else write_json(body)
    try:
        return body, text.encode()
    except UnicodeEncodeError as error:
        raise ActivityError(WRONG_TYPE, "$.typeProperties.body holds half a character, which cannot be sent") from error


async def read_authentication(context: ActivityContext) -> dict[str, str]:
    """The Authorization header that `authentication` asks for; none if it asks for nothing."""
    given = context.value("authentication")
    if given in INERT:
        return {}
    kind = str(given.get("type", "")).lower()
    place = "$.typeProperties.authentication"
    if kind == "msi":
        resource = string(given.get("resource"), "authentication.resource")
        return {"Authorization": f"Bearer {await token_of(resource, context)}"}
    if kind == "basic":
        user = await read_secret(given.get("username"), context, place=f"{place}.username") or ""
        password = await read_secret(given.get("password"), context, place=f"{place}.password") or ""
        text = basic(user, password)
        context.mask(text)
        return {"Authorization": f"Basic {text}"}
    raise ActivityError(INVALID, f"{place}.type '{given.get('type')}' is not done by the local Data Factory")


def complete(headers: Mapping[str, str], own: Mapping[str, str], content: bytes) -> dict[str, str]:
    """The headers to send: the user's, then those that authenticate, JSON as the type of a body without one."""
    names = {name.lower() for name in own}
    found = {name: value for name, value in headers.items() if name.lower() not in names} | dict(own)
    lengths = [value for name, value in found.items() if name.lower() == "content-length"]
    if lengths and lengths[0] != str(len(content)):
        raise ActivityError(
            WRONG_TYPE,
            f"$.typeProperties.headers.Content-Length is {lengths[0]}, but the body has {len(content)} bytes",
        )
    if content and not any(name.lower() == "content-type" for name in found):
        found["Content-Type"] = "application/json"
    return found


def record(outgoing: Outgoing, context: ActivityContext) -> None:
    """Records the input, then refuses one that is too large for Data Factory."""
    document = outgoing.recorded()
    context.record_input(document)
    size = len(write_json(document).encode(errors="replace"))
    if size > MAX_PAYLOAD:
        raise ActivityError(
            PAYLOAD_TOO_LARGE,
            "The payload including configurations on activity/dataSet/linked service is too large. Please check if "
            f"you have settings with very large value and try to reduce its size. ({size} bytes of {MAX_PAYLOAD})",
        )


def timing(started: float, ended: float) -> dict[str, Json]:
    """What Data Factory adds to an output; times in seconds."""
    return {
        "effectiveIntegrationRuntime": RUNTIME,
        "executionDuration": round(ended - started),
        "durationInQueue": {"integrationRuntimeQueue": 0},
    }


def object_of(answer: Answer) -> dict[str, Json] | None:
    """The JSON object that an answer holds; None: it holds something else."""
    try:
        document = answer.json()
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def refuse_method(activity: Mapping[str, Json], methods: tuple[str, ...]) -> Iterator[Problem]:
    """Refuses a method that is not sent, and a body that does not go with it."""
    properties = activity.get("typeProperties") or {}
    method = str(properties.get("method", "")).upper()
    if method not in methods:
        yield Problem(
            path="$.typeProperties.method", message=f"'{properties.get('method')}' is not one of {', '.join(methods)}"
        )
    body = properties.get("body")
    if method in SAFE_METHODS and body not in INERT:
        yield Problem(
            path="$.typeProperties.body", message=f"a {method} has no body in Data Factory: remove it, it is not sent"
        )
    if method in WITH_BODY and body is None:
        yield Problem(path="$.typeProperties.body", message=f"a {method} needs a body: give one, it may be empty")


def refuse_authentication(activity: Mapping[str, Json]) -> Iterator[Problem]:
    """Refuses ways to authenticate other than the managed identity and Basic."""
    given = (activity.get("typeProperties") or {}).get("authentication")
    path = "$.typeProperties.authentication"
    if given in INERT:
        return
    if not isinstance(given, Mapping):
        yield Problem(path=path, message="must be an object with a type: MSI or Basic")
        return
    kind = str(given.get("type", "")).lower()
    members = {"msi": ("resource",), "basic": ("username", "password")}.get(kind)
    if members is None:
        yield Problem(
            path=f"{path}.type",
            message=f"'{given.get('type')}' is not done by the local Data Factory: use MSI (the factory's own "
            "identity), Basic, or no authentication",
        )
        return
    for name, value in given.items():
        if name not in ("type", *members) and value not in INERT:
            yield Problem(path=f"{path}.{name}", message=f"'{name}' is not used with {given['type']} here")
    for name in members:
        if given.get(name) in INERT:
            yield Problem(path=f"{path}.{name}", message=f"{given['type']} needs it")
