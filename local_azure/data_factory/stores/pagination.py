"""The pagination rules of a REST source: what the next request is, and when there is none."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from local_azure.data_factory.json_paths import MISSING, JsonPath, JsonPathError, parse

Json = Any
MAX_REQUESTS = "MaxRequestNumber"
RFC5988 = "supportRFC5988"
END = "EndCondition:"
RANGE = "RANGE"
# QueryParameters.page, QueryParameters['page'], QueryParameters.{page}: the last fills a place {page} in what is sent.
_PLACE = re.compile(
    r"(AbsoluteUrl|QueryParameters|Headers)(?:\.\{(?P<variable>[^{}]+)\}|\.(?P<name>.+)|\['(?P<quoted>.+)'\])?"
)
_HEADER = re.compile(r"[Hh]eaders(?:\.(?P<name>.+)|\['(?P<quoted>.+)'\])")
_RANGE = re.compile(r"RANGE:(-?\d+):(-?\d*):(-?\d+)")
_LINK = re.compile(r"<([^>]*)>([^,<]*)")
_REL_NEXT = re.compile(r""";\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)""", re.IGNORECASE)


class PaginationError(ValueError):
    """Rules that are not understood, or that lead nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An answer, as far as rules look at it. Names of headers are in small letters."""

    url: str
    headers: Mapping[str, str]
    body: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent for a page."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """A header of the answer."""

    name: str

    def find(self, page: Page) -> Json:
        return page.headers.get(self.name.lower(), MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A place in the body of the answer."""

    path: JsonPath

    def find(self, page: Page) -> Json:
        return self.path.find(page.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Numbers from start to end, the end included; without an end they go on for ever."""

    start: int
    end: int | None
    step: int

    def at(self, index: int) -> int | None:
        value = self.start + index * self.step
        over = self.end is not None and (value > self.end if self.step > 0 else value < self.end)
        return None if over else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where a value goes, and where it comes from."""

    # AbsoluteUrl, QueryParameters or Headers.
    target: str
    # Of the query parameter or header; empty for a whole URL and for a variable.
    name: str
    # A place {variable} in URL, headers and body; empty where there is none.
    variable: str
    source: Header | Body | Steps


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCondition:
    """Ends the loop with the page on which it holds, which is taken still."""

    source: Header | Body
    # Empty, NonExist, Exist or Const.
    kind: str
    constant: str = ""

    def holds(self, page: Page) -> bool:
        value = self.source.find(page)
        match self.kind:
            case "Empty":
                return value is None or value == "" or value == [] or value == {}
            case "NonExist":
                return value is MISSING
            case "Exist":
                return value is not MISSING
            case _:
                return value is not MISSING and _text(value).lower() == self.constant.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All rules of a source."""

    rules: tuple[Rule, ...] = ()
    ends: tuple[EndCondition, ...] = ()
    max_requests: int | None = None
    # Links in a header (RFC 8288, once 5988), the default where there are no rules.
    links: bool = True

    def first(self, request: Request) -> Request | None:
        """The first request: numbers stand in it already."""
        return self._numbered(request, 0)

    def next(self, template: Request, sent: Request, page: Page, count: int) -> Request | None:
        """The request after `count` ones, None when the loop ends.

        Raises:
            PaginationError: a rule found something that cannot be sent.
        """
        if self.max_requests is not None and count >= self.max_requests:
            return None
        if any(condition.holds(page) for condition in self.ends):
            return None
        numbers = any(isinstance(rule.source, Steps) for rule in self.rules)
        request = self._numbered(template, count) if numbers else template
        if request is None:
            return None
        from_answer = [rule for rule in self.rules if not isinstance(rule.source, Steps)]
        if not from_answer and not numbers:
            link = next_link(page.headers.get("link", "")) if self.links else None
            return None if link is None else Request(url=urljoin(page.url, link), headers=sent.headers, body=sent.body)
        for rule in from_answer:
            assert not isinstance(rule.source, Steps)
            value = rule.source.find(page)
            if value is MISSING or value is None or value == "":
                return None
            if isinstance(value, dict | list):
                raise PaginationError(f"the rule for {rule.target} finds an object or array, not a value to send")
            request = _put(request, rule, _text(value), page.url)
        return request

    def _numbered(self, request: Request, index: int) -> Request | None:
        for rule in self.rules:
            if isinstance(rule.source, Steps):
                value = rule.source.at(index)
                if value is None:
                    return None
                request = _put(request, rule, str(value), request.url)
        return request


def read_rules(document: Mapping[str, Json] | None) -> Rules:
    """Reads `paginationRules`.

    Raises:
        PaginationError: a rule that is not understood, by name.
    """
    if not document:
        return Rules()
    rules: list[Rule] = []
    ends: list[EndCondition] = []
    more: dict[str, Json] = {"links": False}
    for key, value in document.items():
        if key.lower() == RFC5988.lower():
            more["links"] = _flag(key, value)
        elif key == MAX_REQUESTS:
            more["max_requests"] = _count(value)
        elif key.startswith(END):
            ends.append(_end(key, value))
        else:
            rules.append(_rule(key, value))
    if sum(isinstance(rule.source, Steps) for rule in rules) > 1:
        raise PaginationError(
            "more than one rule is a RANGE: in which order they go is not documented, so it is not done"
        )
    return Rules(rules=tuple(rules), ends=tuple(ends), **more)


def next_link(header: str) -> str | None:
    """The target of the link whose relation is `next`."""
    return next((match[1] for match in _LINK.finditer(header) if _REL_NEXT.search(match[2])), None)


def _rule(key: str, value: Json) -> Rule:
    match = _PLACE.fullmatch(key)
    target = match[1] if match else ""
    name = (match["name"] or match["quoted"] or "") if match else ""
    variable = (match["variable"] or "") if match else ""
    if match is None or (target == "AbsoluteUrl") == bool(name) or (target != "AbsoluteUrl" and not (name or variable)):
        raise PaginationError(
            f"'{key}' is not a pagination rule: expected AbsoluteUrl, QueryParameters.<name>, Headers.<name>, "
            f"{END}<place>, {MAX_REQUESTS} or {RFC5988}"
        )
    return Rule(target=target, name=name, variable=variable, source=_source(key, value, steps=True))


def _source(key: str, value: Json, *, steps: bool) -> Header | Body | Steps:
    if not isinstance(value, str):
        raise PaginationError(f"the value of '{key}' must be a text")
    if steps and value.upper().startswith(RANGE):
        return _steps(key, value)
    if header := _HEADER.fullmatch(value):
        return Header(name=header["name"] or header["quoted"])
    if not value.startswith("$"):
        raise PaginationError(f"'{value}' of '{key}' is neither a JSON path ($.x) nor a header (Headers.x)")
    try:
        return Body(path=parse(value))
    except JsonPathError as error:
        raise PaginationError(f"{key}: {error}") from error


def _steps(key: str, value: str) -> Steps:
    match = _RANGE.fullmatch(value.upper())
    if match is None:
        raise PaginationError(f"'{value}' of '{key}' is not RANGE:<start>:<end or nothing>:<step>")
    start, end, step = match.groups()
    if int(step) == 0:
        raise PaginationError(f"the step of '{value}' of '{key}' is 0")
    return Steps(start=int(start), end=int(end) if end else None, step=int(step))


def _end(key: str, value: Json) -> EndCondition:
    source = _source(key, key.removeprefix(END), steps=False)
    assert not isinstance(source, Steps)
    kind, _, constant = str(value).partition(":")
    if kind not in ("Empty", "NonExist", "Exist", "Const"):
        raise PaginationError(f"'{value}' of '{key}' is none of Empty, NonExist, Exist and Const:<value>")
    return EndCondition(source=source, kind=kind, constant=constant)


def _flag(key: str, value: Json) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise PaginationError(f"'{key}' must be true or false")


def _count(value: Json) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isdecimal() or int(text) < 1:
        raise PaginationError(f"'{MAX_REQUESTS}' must be a number of at least 1, but is '{text}'")
    return int(text)


def _put(request: Request, rule: Rule, text: str, base: str) -> Request:
    if rule.variable:
        place, escaped = f"{{{rule.variable}}}", quote(text, safe="")
        headers = {name: value.replace(place, text) for name, value in request.headers.items()}
        url = request.url.replace(place, escaped).replace(quote(place), escaped)
        body = request.body.replace(place, text)
        if (url, headers, body) == (request.url, dict(request.headers), request.body):
            raise PaginationError(f"there is no {place} in URL, headers or body for the pagination rule to fill")
        return Request(url=url, headers=headers, body=body)
    if rule.target == "AbsoluteUrl":
        return Request(url=urljoin(base, text), headers=request.headers, body=request.body)
    if rule.target == "Headers":
        return Request(url=request.url, headers={**request.headers, rule.name: text}, body=request.body)
    return Request(url=_with_query(request.url, rule.name, text), headers=request.headers, body=request.body)


def _with_query(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    pairs = [(key, text) for key, text in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*pairs, (name, value)], quote_via=quote)))


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
