"""What HttpHook would send, as the properties of a Web activity: address, headers, body, authentication, time limit."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from adf_export.codes import BEHAVIOUR_DIFFERS, FIELD_NOT_CONSTANT
from adf_export.environment import Connection
from adf_export.ir.factory import Activity, Json, Object, Policy, obj, secret_reference
from adf_export.ir.symbols import RUN
from adf_export.operators.vault_secrets import secret_step, secret_value
from adf_export.operators.workbench import Workbench
from adf_export.templating import as_node
from adf_export.templating.building import FALSE, NULL, any_of, concat, if_, inner
from adf_export.templating.given import kinds_of_node
from adf_export.templating.kinds import TEXT
from adf_lang.nodes import Call, Interpolation, Literal, Node, Text, call, interpolate, literal

METHODS: Final = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})
_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/json"
_LONGEST: Final = 600
# Keys of a connection's extra that are no headers, and those of extra_options -> why they cannot be exported;
# None: nothing is lost.
_OPTIONS: Final[Mapping[str, str | None]] = {
    "cert": "a Web activity sends no client certificate of a file",
    "max_redirects": None,
    "proxies": "a Web activity knows no proxy: use an integration runtime behind it",
    "proxy": "a Web activity knows no proxy: use an integration runtime behind it",
    "srv_lookup": "a Web activity looks up no SRV records",
    "stream": None,
    "trust_env": None,
}
# Handled below.
_KNOWN: Final = frozenset({"allow_redirects", "check_response", "timeout", "verify", "verify_ssl"})
# Functions and symbols whose text holds no question mark.
_WITHOUT_MARK: Final = frozenset({RUN, "encodeUriComponent", "formatDateTime", "int", "length"})
# Our own key of the environment file: the audience of the managed identity's token.
_RESOURCE: Final = "managed_identity_resource"
# Likewise: the name of the header that holds the connection's secret.
_SECRET_HEADER: Final = "secret_header"


def web_steps(bench: Workbench, name: str, *, data: str, default_method: str) -> tuple[Activity, ...]:
    """The Web activity, after one that reads its key where the environment file says that a header has one.

    `data` is the field that GET puts into the query and others into the body.
    """
    connection = bench.connection("http_conn_id", default="http_default")
    header = connection.extra.get(_SECRET_HEADER)
    if header and not connection.secret:
        raise bench.connection_fault(connection, f"has {_SECRET_HEADER} = {header!r} and no secret")
    keys = (secret_step(bench, connection.secret),) if header else ()
    more = {str(header): secret_value(keys[0])} if keys else {}
    properties = _properties(bench, connection, data, default_method, more)
    policy = Policy(secure_input=True) if keys else None
    after = tuple(key.name for key in keys)
    return (*keys, bench.activity(name, "WebActivity", properties, after=after, policy=policy))


def _properties(
    bench: Workbench, connection: Connection, data: str, default_method: str, more_headers: Mapping[str, Json]
) -> Object:
    method = _method(bench, default_method)
    options = _options(bench, connection)
    url = joined_url(base_url(connection), bench.value("endpoint"))
    payload = bench.value(data)
    document = _document(bench, method, payload)
    kind, body = ("", None) if method == "GET" else _body(bench, payload, document)
    if method == "GET":
        url = with_query(bench, url, payload, field=data)
    headers = obj((*_headers(bench, connection, kind).members, *more_headers.items()))
    if body is not None and not kind and not _has_header(headers, "content-type"):
        bench.tell(
            BEHAVIOUR_DIFFERS,
            f"'{bench.task.task_id}' sends Content-Type {_JSON}, where Airflow sends none",
            field=data,
            hint='say it in headers: {"Content-Type": ...}',
        )
    return obj(
        method=method,
        url=url,
        headers=headers if headers.members else None,
        body="" if body is None and method in ("PATCH", "POST", "PUT") else body,
        authentication=_authentication(bench, connection),
        httpRequestTimeout=_timeout(bench, options.get("timeout")),
        disableCertValidation=True if _verify(bench, options) is False else None,
        # requests takes a 202 as it is.
        turnOffAsync=True,
    )


def base_url(connection: Connection) -> str:
    """As HttpHook makes it of host, schema and port."""
    if not connection.configured:
        return f"https://{connection.conn_id.replace('_', '-')}.invalid"
    host = connection.host
    base = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    return f"{base}:{connection.port}" if connection.port else base


def joined_url(base: str, endpoint: Json) -> Json:
    """Base and endpoint with one slash between them, unless one of them has it.

    >>> joined_url("https://example.com", "v1")
    'https://example.com/v1'
    """
    if endpoint is None or endpoint == "":
        return base
    if base.endswith("/"):
        return as_text(base, endpoint)
    first = _first_part(endpoint)
    if isinstance(first, str):
        return as_text(base if first.startswith("/") else f"{base}/", endpoint)
    node = as_node(endpoint)
    bare = any_of(call("empty", node), call("startsWith", node, literal("/")))
    return as_text(base, if_(bare, literal(""), literal("/")), endpoint)


def with_query(bench: Workbench, url: Json, params: Json, *, field: str) -> Json:
    """The address with a query as requests appends it: a text as it is, a dict encoded."""
    if params is None or params in ("", ()) or params == Object():
        return url
    if _may_be_dict(bench, params):
        hint = "give a dict whose names are known, or write the query into the endpoint"
        raise bench.not_exported(field, "it may be a dict, whose names are known in the run only", hint=hint)
    query = encoded(bench, params, field=field) if isinstance(params, Object) else params
    if query == "":
        return url
    return as_text(url, _mark(url), query)


def encoded(bench: Workbench, params: Object, *, field: str) -> Json:
    """A dict as a query or form, as requests does it: members that are None are left out, lists repeat their name."""
    parts: list[Json] = []
    for name, member in params.members:
        for value in member if isinstance(member, tuple) else (member,):
            if value is None or value == NULL:
                continue
            if isinstance(value, Object | tuple):
                raise bench.invalid(field, f"has a dict or list in '{name}', which has no form in a query")
            parts += ["&"] if parts else []
            parts += _pair(name, value)
    return as_text(*parts)


def as_text(*parts: Json) -> Json:
    """The parts as one text of a document: plain, or with expressions in it."""
    made = interpolate(piece for part in parts for piece in _pieces(part))
    return made.value if isinstance(made, Text) else made


def _pieces(part: Json) -> tuple[str | Node, ...]:
    if isinstance(part, Interpolation):
        return part.parts
    if isinstance(part, Text):
        return (part.value,)
    if isinstance(part, Literal) and isinstance(part.value, str):
        return (part.value,)
    assert isinstance(part, str | Node), f"{part!r} is no text"
    return (part,)


def _pair(name: str, value: Json) -> list[Json]:
    if isinstance(value, Node):
        return [urlencode({name: ""}), call("encodeUriComponent", call("string", inner(value)))]
    return [urlencode({name: value})]


def _mark(url: Json) -> Json:
    """What stands before a query: `?`, or `&` where the address has one already."""
    parts = url.parts if isinstance(url, Interpolation) else (url,)
    if any(isinstance(part, str) and "?" in part for part in parts):
        return "&"
    unknown = tuple(part for part in parts if isinstance(part, Node) and not _without_mark(part))
    if not unknown:
        return "?"
    return if_(call("contains", concat(unknown), literal("?")), literal("&"), literal("?"))


def _without_mark(node: Node) -> bool:
    return isinstance(node, Call) and node.name in _WITHOUT_MARK


def _first_part(value: Json) -> Json:
    return value.parts[0] if isinstance(value, Interpolation) else value


def _method(bench: Workbench, default: str) -> str:
    given = bench.constant("method") if bench.has("method") else default
    method = str(given).upper()
    if method not in METHODS:
        raise bench.invalid("method", f"is {given!r}, and a Web activity takes {', '.join(sorted(METHODS))}")
    return method


def _options(bench: Workbench, connection: Connection) -> dict[str, Any]:
    """extra_options over the options in the connection's extra."""
    own = dict(_members(bench, "extra_options"))
    for name in own:
        if name not in _KNOWN and name not in _OPTIONS:
            raise bench.not_exported("extra_options", f"'{name}' is no option that is known")
    options = {name: value for name, value in connection.extra.items() if name in _KNOWN or name in _OPTIONS} | own
    for name, value in options.items():
        why = _OPTIONS.get(name)
        if why and value not in (None, False, Object()) and value != FALSE:
            raise bench.not_exported("extra_options", f"'{name}': {why}")
    if options.get("check_response", True) is False:
        raise bench.not_exported("extra_options", "'check_response': a Web activity fails by the status of the answer")
    if options.get("allow_redirects", True) is False:
        raise bench.not_exported("extra_options", "'allow_redirects': a Web activity decides about redirects itself")
    return options


def _verify(bench: Workbench, options: Mapping[str, Any]) -> bool:
    verify = options.get("verify", options.get("verify_ssl", True))
    if verify not in (True, False):
        raise bench.not_exported("extra_options", "'verify': a Web activity knows no file of certificates")
    return bool(verify)


def _timeout(bench: Workbench, given: Any) -> str:
    """Of the answer; Airflow waits without end where none is given, a Web activity 10 minutes at most."""
    seconds = given[-1] if isinstance(given, tuple | list) and given else given
    if seconds is None or seconds == NULL:
        return "00:10:00"
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or seconds <= 0:
        raise bench.not_exported("extra_options", f"'timeout' is {seconds!r}, not a number of seconds")
    if seconds > _LONGEST:
        summary = f"'{bench.task.task_id}' waits {_LONGEST} s for an answer, not {seconds:g} s"
        bench.tell(BEHAVIOUR_DIFFERS, summary, field="extra_options")
    whole = max(1, min(round(seconds), _LONGEST))
    return f"00:{whole // 60:02}:{whole % 60:02}"


def _body(bench: Workbench, data: Json, document: Json) -> tuple[str, Json]:
    """Content-Type that requests sets by itself, and the body; None: there is none."""
    if document is not None:
        return _JSON, document
    if data is None or data == "" or data == Object():
        return "", None
    if isinstance(data, Object):
        return _FORM, encoded(bench, data, field="data")
    if _may_be_dict(bench, data):
        bench.tell(
            BEHAVIOUR_DIFFERS,
            f"'{bench.task.task_id}' sends JSON if data is a dict then, where Airflow sends a form",
            field="data",
            hint="give a dict whose names are known, or a text",
        )
    return "", data


def _document(bench: Workbench, method: str, data: Json) -> Json:
    """The member json of request_kwargs."""
    given = bench.value("request_kwargs")
    if given is None or given == Object():
        return None
    names = [name for name, _ in given.members] if isinstance(given, Object) else []
    if names != ["json"] or data or method == "GET":
        raise bench.not_exported("request_kwargs", "only 'json' in place of data has a place in a Web activity")
    return given.get("json") if isinstance(given, Object) else None


def _headers(bench: Workbench, connection: Connection, kind: str) -> Object:
    """The connection's, then the task's, then what requests adds."""
    own = _members(bench, "headers")
    extra = [(name, value) for name, value in connection.extra.items() if not _is_option(name)]
    found: dict[str, tuple[str, Json]] = {}
    for name, value in (*extra, *own):
        if value is not None and value != NULL:
            found[name.lower()] = (name, value if isinstance(value, str | Node) else str(value))
    if kind:
        found.setdefault("content-type", ("Content-Type", kind))
    return obj(found.values())


def _members(bench: Workbench, field: str) -> tuple[tuple[str, Json], ...]:
    given = bench.value(field)
    if given is None or isinstance(given, Object):
        return given.members if given else ()
    raise bench.refusal(
        FIELD_NOT_CONSTANT, f"the names in '{field}' must be known when the DAG is compiled", field=field
    )


def _may_be_dict(bench: Workbench, value: Json) -> bool:
    if isinstance(value, Interpolation | Text):
        return False
    return isinstance(value, Node) and kinds_of_node(value, bench.dag) != TEXT


def _is_option(name: str) -> bool:
    return name in _KNOWN or name in _OPTIONS or name in (_RESOURCE, _SECRET_HEADER)


def _has_header(headers: Object, name: str) -> bool:
    return any(key.lower() == name for key, _ in headers.members)


def _authentication(bench: Workbench, connection: Connection) -> Object | None:
    """Basic with the connection's login and secret; the managed identity where the environment file says so."""
    if connection.login and connection.secret:
        password = secret_reference(bench.vault(), connection.secret)
        return obj(type="Basic", username=connection.login, password=password)
    if connection.login or (connection.secret and _SECRET_HEADER not in connection.extra):
        missing = "login" if connection.secret else "secret"
        raise bench.connection_fault(connection, f"needs a {missing}: HttpHook authenticates with login and password")
    resource = connection.extra.get(_RESOURCE)
    return obj(type="MSI", resource=str(resource)) if resource else None
