"""Reads the body of queryPipelineRuns and queryActivityruns: time window, filters, order, continuation token."""

import datetime
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from local_azure.data_factory.queries import Filter, Operator, Order, RunQuery
from local_azure.data_factory.records import ActivityStatus, RunStatus
from local_azure.data_factory.refusals import bad_request
from local_azure.data_factory.rows import to_micros
from local_azure.errors import LocalAzureError

Json = Any
PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """What a filter or an order may name."""

    # Of `queries`.
    column: str
    # Makes the column's value of a filter's text; raises ValueError.
    read: Callable[[str], str | int]
    # Says what the text has to be.
    wanted: str
    ordered: bool = True


def _lower(text: str) -> str:
    return text.lower()


def _time(text: str) -> int:
    return to_micros(parse_time(text))


def _flag(text: str) -> int:
    return ("false", "true").index(text.lower())


def _status_of(statuses: type[StrEnum]) -> Callable[[str], str]:
    by_name = {status.value.lower(): status.value for status in statuses}

    def read(text: str) -> str:
        if text.lower() not in by_name:
            raise ValueError(text)
        return by_name[text.lower()]

    return read


def _status(statuses: type[StrEnum]) -> Operand:
    wanted = "one of " + ", ".join(status.value for status in statuses)
    return Operand(column="status", read=_status_of(statuses), wanted=wanted)


_RUN = {
    "PipelineName": Operand(column="pipeline", read=_lower, wanted="the name of a pipeline"),
    "RunStart": Operand(column="start", read=_time, wanted="a time in ISO 8601"),
    "RunEnd": Operand(column="end", read=_time, wanted="a time in ISO 8601"),
    "Status": _status(RunStatus),
    "RunGroupId": Operand(column="group", read=str, wanted="the id of a group", ordered=False),
    "LatestOnly": Operand(column="latest", read=_flag, wanted="true or false", ordered=False),
}
_ACTIVITY = {
    "ActivityName": Operand(column="name", read=str, wanted="the name of an activity"),
    "ActivityRunStart": Operand(column="start", read=_time, wanted="a time in ISO 8601"),
    "ActivityRunEnd": Operand(column="end", read=_time, wanted="a time in ISO 8601"),
    "ActivityType": Operand(column="type", read=str, wanted="a type of activities", ordered=False),
    "Status": _status(ActivityStatus),
}
_KEYS = ("lastUpdatedAfter", "lastUpdatedBefore", "filters", "orderBy", "continuationToken")


def read_run_query(body: Mapping[str, Json], unseal: Callable[[str], str]) -> RunQuery:
    """What queryPipelineRuns asks for.

    Raises:
        ArmError: something is missing, unknown or of the wrong form; the message names it.
    """
    return _read(body, _RUN, "Pipeline runs", unseal)


def read_activity_query(body: Mapping[str, Json], unseal: Callable[[str], str], *, show_skipped: bool) -> RunQuery:
    """What queryActivityruns asks for. Skipped activities are shown when `show_skipped` or a filter asks for them.

    Raises:
        ArmError: as for pipeline runs.
    """
    query = _read(body, _ACTIVITY, "Activity runs", unseal)
    positive = (Operator.EQUALS, Operator.IN)
    asked = any(
        each.column == "status" and each.operator in positive and ActivityStatus.SKIPPED in each.values
        for each in query.filters
    )
    if show_skipped or asked:
        return query
    hidden = Filter(column="status", operator=Operator.NOT_EQUALS, values=(str(ActivityStatus.SKIPPED),))
    return replace(query, filters=(*query.filters, hidden))


def continuation_token(body: Mapping[str, Json], last: Sequence[str | int], seal: Callable[[str], str]) -> str | None:
    """Where the next page of the same query starts; None when there is none."""
    return seal(json.dumps([_hash(body), *last])) if last else None


def parse_time(text: Json) -> datetime.datetime:
    """A time in ISO 8601; without a zone it is UTC. Azure writes seven decimals, of which six are kept.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(text, str):
        raise ValueError(text)
    parsed = datetime.datetime.fromisoformat(text)
    try:
        return parsed.replace(tzinfo=datetime.UTC) if parsed.tzinfo is None else parsed.astimezone(datetime.UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def _read(
    body: Mapping[str, Json], operands: Mapping[str, Operand], words: str, unseal: Callable[[str], str]
) -> RunQuery:
    unknown = [key for key in body if key not in _KEYS]
    if unknown:
        message = f"The query has no '{unknown[0]}'; it has {', '.join(_KEYS)}."
        raise bad_request(message, target=f"$.{unknown[0]}")
    return RunQuery(
        after=_window(body, "lastUpdatedAfter"),
        before=_window(body, "lastUpdatedBefore"),
        filters=[_filter(each, f"$.filters[{at}]", operands, words) for at, each in enumerate(_list(body, "filters"))],
        orders=[_order(each, f"$.orderBy[{at}]", operands, words) for at, each in enumerate(_list(body, "orderBy"))],
        limit=PAGE,
        last=_last(body, unseal),
    )


def _window(body: Mapping[str, Json], key: str) -> datetime.datetime:
    if body.get(key) is None:
        message = f"The query needs '{key}': runs are found by the time of their last change."
        raise bad_request(message, target=f"$.{key}")
    try:
        return parse_time(body[key])
    except ValueError as error:
        raise bad_request(f"'{key}' is not a time in ISO 8601.", target=f"$.{key}") from error


def _list(body: Mapping[str, Json], key: str) -> list[Json]:
    found = body.get(key)
    if found is not None and not isinstance(found, list):
        raise bad_request(f"'{key}' has to be a list.", target=f"$.{key}")
    return found or []


def _filter(given: Json, path: str, operands: Mapping[str, Operand], words: str) -> Filter:
    entry = _entry(given, path, ("operand", "operator", "values"))
    operand = _operand(entry["operand"], f"{path}.operand", operands, f"{words} are filtered")
    by_name = {operator.value.lower(): operator for operator in Operator}
    operator = by_name.get(str(entry["operator"]).lower())
    if operator is None:
        message = f"'{entry['operator']}' is no operator: known are {', '.join(Operator)}."
        raise bad_request(message, target=f"{path}.operator")
    values = entry["values"]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        raise bad_request("'values' has to be a list of texts, at least one.", target=f"{path}.values")
    if len(values) > 1 and operator in (Operator.EQUALS, Operator.NOT_EQUALS):
        message = f"{operator} takes one value and has {len(values)}: use In or NotIn."
        raise bad_request(message, target=f"{path}.values")
    try:
        read = [operand.read(value) for value in values]
    except ValueError as error:
        message = f"A value of {entry['operand']} has to be {operand.wanted}."
        raise bad_request(message, target=f"{path}.values") from error
    return Filter(column=operand.column, operator=operator, values=read)


def _order(given: Json, path: str, operands: Mapping[str, Operand], words: str) -> Order:
    entry = _entry(given, path, ("orderBy", "order"))
    ordered = {name: operand for name, operand in operands.items() if operand.ordered}
    operand = _operand(entry["orderBy"], f"{path}.orderBy", ordered, f"{words} are ordered")
    order = str(entry["order"]).upper()
    if order not in ("ASC", "DESC"):
        raise bad_request(f"'order' is '{entry['order']}': it has to be ASC or DESC.", target=f"{path}.order")
    return Order(column=operand.column, descending=order == "DESC")


def _entry(given: Json, path: str, keys: Sequence[str]) -> Mapping[str, Json]:
    if not isinstance(given, dict):
        raise bad_request("An object is wanted here.", target=path)
    missing = [key for key in keys if key not in given]
    unknown = [key for key in given if key not in keys]
    if missing or unknown:
        message = f"An object with {', '.join(keys)} is wanted here; " + (
            f"'{missing[0]}' is missing." if missing else f"'{unknown[0]}' is unknown."
        )
        raise bad_request(message, target=path)
    return given


def _operand(given: Json, path: str, operands: Mapping[str, Operand], words: str) -> Operand:
    by_name = {name.lower(): operand for name, operand in operands.items()}
    found = by_name.get(str(given).lower())
    if found is None:
        raise bad_request(f"{words} by {', '.join(operands)}, not by '{given}'.", target=path)
    return found


def _last(body: Mapping[str, Json], unseal: Callable[[str], str]) -> Sequence[str | int]:
    token = body.get("continuationToken")
    if token is None or token == "":
        return ()
    try:
        made_for, *last = json.loads(unseal(str(token)))
    except LocalAzureError as error:
        raise _wrong_token() from error
    if made_for != _hash(body):
        raise _wrong_token()
    return tuple(last)


def _wrong_token() -> Exception:
    message = "The continuationToken is not one that this query got: ask again without it, from the first page on."
    return bad_request(message, target="$.continuationToken")


def _hash(body: Mapping[str, Json]) -> str:
    """Of the query, whatever its page."""
    query = {key: value for key, value in body.items() if key != "continuationToken" and value is not None}
    return hashlib.sha256(json.dumps(query, sort_keys=True).encode()).hexdigest()[:16]
