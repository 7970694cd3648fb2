"""Calls the CoinGecko API: in turn with the other tasks, again when a fault may pass, never with a wrong answer."""

import json
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from importlib import metadata
from typing import Final
from urllib.parse import quote, urlencode, urljoin, urlsplit

import requests

from adf_export_airflow.clock import Clock, SystemClock, moment
from adf_export_airflow.coingecko.errors import (
    BrokenAnswerError,
    CoinGeckoError,
    ErrorBody,
    RateLimitedError,
    RedirectRefusedError,
    TransientCoinGeckoError,
    UnknownCoinError,
    UnreachableError,
    judge,
    read_error_body,
)
from adf_export_airflow.coingecko.rate_limit import RateLimit, SharedBucket, bucket_file
from adf_export_airflow.coingecko.settings import ClientSettings

log = logging.getLogger(__name__)

PROVENANCE_HEADER = "X-Market-Provenance"  # sent by stand-ins: what the data really is
REAL_PROVENANCE = "coingecko"
REFUSAL_BACK_OFF = (10.0, 120.0)  # first and longest pause, seconds: users report 60 s as too short, 80 s as enough
FAULT_BACK_OFF = (2.0, 90.0)
LONGEST_RETRY_AFTER = 600.0  # seconds; a server that asks for more is out of quota, not busy
JITTER = 0.25  # share of a pause that is added at random at most
MAX_REDIRECTS = 3
LONGEST_MESSAGE = 300  # characters of a server's message that we repeat

TRANSPORT_FAULTS: Final[tuple[tuple[type[requests.RequestException], str], ...]] = (
    (requests.exceptions.SSLError, "TLS fails"),
    (requests.exceptions.ProxyError, "the proxy fails"),
    (requests.exceptions.ConnectTimeout, "no connection within the connect timeout"),
    (requests.exceptions.ReadTimeout, "no answer within the read timeout"),
    (requests.exceptions.ChunkedEncodingError, "the answer broke off"),
    (requests.exceptions.ContentDecodingError, "the answer's compression is damaged"),
    (requests.exceptions.ConnectionError, "no connection"),
    (requests.exceptions.RequestException, "the call fails"),
)
"""First match wins: what to say for each kind of failure of the transport."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One good answer: the bytes as received and the document they hold."""

    body: bytes
    document: object
    endpoint: str  # path and query, never the key
    provenance: str
    fetched_at: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    path: str
    params: Mapping[str, str]
    coin_id: str | None  # None: the path names no coin

    @property
    def endpoint(self) -> str:
        return self.path + (f"?{urlencode(self.params)}" if self.params else "")


class CoinGeckoClient:
    """A client of one connection. `jitter` gives numbers from 0 to 1."""

    def __init__(
        self, settings: ClientSettings, *, clock: Clock | None = None, jitter: Callable[[], float] = random.random
    ) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self._jitter = jitter
        self._session = requests.Session()
        self._session.headers.update({"Accept": "application/json", "User-Agent": f"adf-export/{_version()} (Airflow)"})
        self._bucket = SharedBucket(
            bucket_file(settings.rate_limit_folder, base_url=settings.base_url, key=settings.key),
            RateLimit(per_minute=settings.rate_limit_per_minute, burst=settings.burst),
            clock=self.clock,
        )

    def __repr__(self) -> str:
        return f"<CoinGeckoClient {self.settings.plan} {self.settings.base_url}>"

    def ping(self) -> Answer:
        """The cheapest call that proves host and key."""
        return self._get("/ping")

    def coins_list(self) -> Answer:
        """Every active coin: id, symbol, name."""
        return self._get("/coins/list")

    def coins_markets(self, *, vs_currency: str, page: int, per_page: int, ids: tuple[str, ...] = ()) -> Answer:
        """One page of market rows, largest market first."""
        params = {"vs_currency": vs_currency, "order": "market_cap_desc", "per_page": str(per_page), "page": str(page)}
        return self._get("/coins/markets", {**params, "ids": ",".join(ids)} if ids else params)

    def market_chart_range(self, coin_id: str, *, vs_currency: str, range_from: int, range_to: int) -> Answer:
        """The series of one coin between two UNIX seconds, both included."""
        # Seconds, not ISO dates: the demo plan documents seconds only.
        params = {"vs_currency": vs_currency, "from": str(range_from), "to": str(range_to)}
        return self._get(f"/coins/{quote(coin_id, safe='')}/market_chart/range", params, coin_id=coin_id)

    def _get(self, path: str, params: Mapping[str, str] | None = None, *, coin_id: str | None = None) -> Answer:
        call = _Call(path=path, params=params or {}, coin_id=coin_id)
        attempts = refusals = 0
        while True:
            self._bucket.take()
            try:
                return self._attempt(call)
            except RateLimitedError as fault:
                refusals += 1
                self._pause(fault, count=refusals, limit=self.settings.max_refusals)
            except TransientCoinGeckoError as fault:
                attempts += 1
                self._pause(fault, count=attempts, limit=self.settings.max_attempts)

    def _pause(self, fault: TransientCoinGeckoError, *, count: int, limit: int) -> None:
        """Wait before the next try, or give the fault to the caller."""
        refused = isinstance(fault, RateLimitedError)
        pause = self._length(fault, count)
        if pause > LONGEST_RETRY_AFTER * (1 + JITTER):
            fault.summary += f"; it asks to wait {fault.retry_after:.0f} s, more than the {LONGEST_RETRY_AFTER:.0f} s"
            fault.summary += " that a task waits"
            raise fault
        if refused:
            self._bucket.hold(pause)  # for every process: the refusal concerns the key, not this task
        if count >= limit:
            fault.summary += f"; gave up after {count} {'refusals' if refused else 'attempts'}"
            raise fault
        log.warning("%s; next try in %.0f s (%d of %d failed)", fault.summary, pause, count, limit)
        if not refused:
            self.clock.sleep(pause)

    def _length(self, fault: TransientCoinGeckoError, count: int) -> float:
        first, longest = REFUSAL_BACK_OFF if isinstance(fault, RateLimitedError) else FAULT_BACK_OFF
        asked = fault.retry_after
        pause = min(first * 2 ** (count - 1), longest) if asked is None else asked
        return pause * (1 + JITTER * self._jitter())

    def _attempt(self, call: _Call) -> Answer:
        response = self._send(call)
        document = _read_json(response.content)
        error = read_error_body(document)
        if response.status_code != 200 or error is not None:
            raise self._refusal(call, response, error)
        if document is _NO_JSON:
            kind = response.headers.get("Content-Type", "no content type")
            raise BrokenAnswerError(
                f"CoinGecko's answer is no JSON ({kind}, {len(response.content)} bytes)",
                place=self._place(call),
                remedy="Check whether a proxy or a login page stands between",
            )
        return Answer(
            body=response.content,
            document=document,
            endpoint=call.endpoint,
            provenance=_header_text(response.headers.get(PROVENANCE_HEADER)) or REAL_PROVENANCE,
            fetched_at=moment(self.clock).isoformat(timespec="seconds"),
        )

    def _send(self, call: _Call) -> requests.Response:
        """One exchange, following redirects within the host only: another host must not see the key."""
        url = self.settings.base_url + call.path
        params: Mapping[str, str] | None = call.params
        for _ in range(MAX_REDIRECTS + 1):
            response = self._exchange(call, url, params)
            if not response.is_redirect:
                return response
            target = urljoin(url, response.headers["Location"])
            if _origin(target) != _origin(self.settings.base_url):
                raise RedirectRefusedError(
                    f"CoinGecko redirects to another host, {urlsplit(target).hostname}",
                    place=self._place(call),
                    remedy="Correct the host of the connection",
                )
            url, params = target, None
        raise RedirectRefusedError(
            "CoinGecko redirects in circles", place=self._place(call), remedy="Correct the host of the connection"
        )

    def _exchange(self, call: _Call, url: str, params: Mapping[str, str] | None) -> requests.Response:
        header = self.settings.terms.key_header
        try:
            return self._session.get(
                url,
                params=params,
                headers={header: self.settings.key} if header else {},
                timeout=(self.settings.connect_timeout, self.settings.read_timeout),
                allow_redirects=False,
            )
        except requests.RequestException as fault:
            said = next(text for kind, text in TRANSPORT_FAULTS if isinstance(fault, kind))
            raise UnreachableError(
                f"CoinGecko cannot be reached: {said}",
                place=self._place(call),
                remedy="Check the network, the proxy and the host of the connection",
            ) from fault

    def _refusal(self, call: _Call, response: requests.Response, error: ErrorBody | None) -> CoinGeckoError:
        verdict = judge(response.status_code, error, coin_id=call.coin_id)
        summary = verdict.summary + (f" {call.coin_id!r}" if issubclass(verdict.kind, UnknownCoinError) else "")
        message = " ".join((error.message if error else response.reason or "").split())[:LONGEST_MESSAGE]
        if self.settings.key:
            message = message.replace(self.settings.key, "***")
        code = f", code {error.code}" if error and error.code is not None else ""
        place = f"{self._place(call)}: HTTP {response.status_code}{code}" + (f", {message!r}" if message else "")
        if issubclass(verdict.kind, TransientCoinGeckoError):
            wait = self._retry_after(response)
            return verdict.kind(summary, place=place, remedy=verdict.remedy, retry_after=wait)
        return verdict.kind(summary, place=place, remedy=verdict.remedy)

    def _retry_after(self, response: requests.Response) -> float | None:
        """Seconds that the server asks for, given as a number or as an HTTP date; None: absent or unreadable."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdecimal():
            return float(text)
        until = _http_date(text)
        if until is None:
            return None
        # The server's own Date makes us independent of how our clock is set.
        sent = _http_date(response.headers.get("Date", ""))
        return max(0.0, until - (self.clock.now() if sent is None else sent))

    def _place(self, call: _Call) -> str:
        return f"GET {self.settings.base_url}{call.endpoint}, plan {self.settings.plan}"


_NO_JSON = object()


def _read_json(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _NO_JSON


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _http_date(text: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _header_text(text: str | None) -> str:
    """A header's text as it may stand in blob metadata: printable ASCII, short."""
    return "".join(char for char in text or "" if " " <= char <= "~").strip()[:200]


def _version() -> str:
    try:
        return metadata.version("adf-export")
    except metadata.PackageNotFoundError:  # the folder lies in Airflow's plugins/ without being installed
        return "0"
