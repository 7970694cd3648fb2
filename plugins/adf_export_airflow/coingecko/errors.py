"""Everything that can go wrong with CoinGecko, and how its three shapes of error bodies are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from adf_export_airflow.errors import AdfExportAirflowError


class CoinGeckoError(AdfExportAirflowError):
    """A fault of the connection, the input or the API."""


class CoinGeckoSetupError(CoinGeckoError):
    """The Airflow connection says something that cannot be used."""


class CoinGeckoInputError(CoinGeckoError):
    """A parameter is wrong; found before any call."""


class BeyondHistoryError(CoinGeckoInputError):
    """The plan's history does not reach that far back."""


class UnknownCoinError(CoinGeckoInputError):
    """A coin id or symbol that CoinGecko does not have."""


class AmbiguousSymbolError(CoinGeckoInputError):
    """A symbol that several coins share."""


class RefusedError(CoinGeckoError):
    """The API answered with an error that another try does not change."""


class KeyRefusedError(RefusedError):
    """No key, or a key that CoinGecko does not know."""


class WrongPlanError(RefusedError):
    """The key belongs to another plan, or the plan does not include the call."""


class BlockedError(RefusedError):
    """CoinGecko or its firewall blocks this client."""


class RedirectRefusedError(RefusedError):
    """The server sent us to another host, which must not see the key."""


class EmptyAnswerError(RefusedError):
    """An answer without a single row or point where there must be some."""


class TransientCoinGeckoError(CoinGeckoError):
    """A fault that may pass; the client tries again before it raises one."""

    transient: ClassVar[bool] = True

    def __init__(self, summary: str, *, place: str = "", remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(summary, place=place, remedy=remedy)
        self.retry_after = retry_after  # None: the server did not say


class RateLimitedError(TransientCoinGeckoError):
    """429: too many calls.

    The client has waited for minutes before it raises this, so a quota is used up: Airflow's retries would burn more.
    """

    transient: ClassVar[bool] = False


class ServerTroubleError(TransientCoinGeckoError):
    """408 or 5xx."""


class UnreachableError(TransientCoinGeckoError):
    """No connection, a time-out, or an answer that broke off."""


class BrokenAnswerError(TransientCoinGeckoError):
    """A body that is not the JSON document it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBody:
    """What an error body says."""

    code: int | None  # None: the shape without a code
    message: str


def read_error_body(document: object) -> ErrorBody | None:
    """The error in a JSON answer, in any of the API's three shapes; None: the document is no error.

    >>> read_error_body({"error": "coin not found"})
    ErrorBody(code=None, message='coin not found')
    """
    if not isinstance(document, Mapping):
        return None
    error = document.get("error")
    if isinstance(error, str):
        return ErrorBody(code=_code(document), message=error)
    for holder in (error, document):
        if isinstance(holder, Mapping) and isinstance(holder.get("status"), Mapping):
            status = holder["status"]
            if "error_code" in status or "error_message" in status:
                return ErrorBody(code=_code(status), message=str(status.get("error_message", "")))
    if isinstance(error, Mapping) or "error_code" in document:
        return ErrorBody(code=_code(document), message=str(document.get("error_message", error or "")))
    return None


def _code(holder: Mapping[object, object]) -> int | None:
    code = holder.get("error_code")
    if isinstance(code, str) and code.isascii() and code.isdecimal():
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an error of the API means to us: the class, what to say, what the user can do."""

    kind: type[CoinGeckoError]
    summary: str
    remedy: str


KEY_REMEDY = "Put the right API key into the connection's password"
VERDICTS = {
    400: Verdict(kind=RefusedError, summary="CoinGecko refuses the parameters", remedy="Correct them"),
    401: Verdict(kind=KeyRefusedError, summary="CoinGecko does not accept the API key", remedy=KEY_REMEDY),
    403: Verdict(
        kind=BlockedError, summary="CoinGecko blocks this client", remedy="Check the key, the proxy and the IP address"
    ),
    404: Verdict(kind=RefusedError, summary="CoinGecko has no such address", remedy="Check the host of the connection"),
    408: Verdict(kind=ServerTroubleError, summary="CoinGecko timed out", remedy="Run the task again later"),
    422: Verdict(kind=RefusedError, summary="CoinGecko misses a parameter", remedy="Correct the parameters"),
    429: Verdict(
        kind=RateLimitedError,
        summary="CoinGecko refuses further calls: rate limit",
        remedy="Lower rate_limit_per_minute in the connection, or use a plan with a higher limit",
    ),
    1020: Verdict(
        kind=BlockedError,
        summary="CoinGecko's firewall blocks this client",
        remedy="Check the proxy and the IP address",
    ),
    10002: Verdict(kind=KeyRefusedError, summary="CoinGecko received no API key", remedy=KEY_REMEDY),
    10005: Verdict(
        kind=WrongPlanError,
        summary="The CoinGecko plan does not include this call",
        remedy="Use a higher plan, or do without the call",
    ),
    10010: Verdict(
        kind=WrongPlanError,
        summary="A pro API key was sent to the public host",
        remedy='Set "plan": "pro" in the connection\'s extra and leave its host empty',
    ),
    10011: Verdict(
        kind=WrongPlanError,
        summary="A demo API key was sent to the pro host",
        remedy='Set "plan": "demo" in the connection\'s extra and leave its host empty',
    ),
    10012: Verdict(
        kind=BeyondHistoryError,
        summary="CoinGecko's plan does not reach that far back",
        remedy="Ask for the past 365 days only, or use the pro plan",
    ),
    10013: Verdict(
        kind=UnknownCoinError, summary="CoinGecko does not know the coin", remedy="Take its id from /coins/list"
    ),
}
"""By the vendor's code, or by HTTP status. The codes are documented in part; 10012 and 10013 were observed."""

SERVER_TROUBLE = Verdict(
    kind=ServerTroubleError,
    summary="CoinGecko is in trouble",
    remedy="See https://status.coingecko.com and run the task again later",
)
UNEXPECTED = Verdict(kind=RefusedError, summary="CoinGecko answered with an error", remedy="See the message")


def judge(status: int, error: ErrorBody | None, *, coin_id: str | None) -> Verdict:
    """What an answer with an error means; the vendor's code in the body says more than the HTTP status."""
    code = error.code if error is not None else None
    if code is not None and code in VERDICTS and (code > 599 or status == 200):
        return VERDICTS[code]
    effective = code if status == 200 and code is not None else status
    if effective == 404 and coin_id is not None:
        return VERDICTS[10013]
    return VERDICTS.get(effective, SERVER_TROUBLE if 500 <= effective <= 599 else UNEXPECTED)
