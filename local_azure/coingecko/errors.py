"""The answers that refuse a call, in the three body shapes of the real API, and the error of a wrong set-up."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from local_azure.errors import LocalAzureError

PRICING = "https://www.coingecko.com/en/api/pricing"
RATE_LIMIT_MESSAGE = (
    f"You've exceeded the Rate Limit. Please visit {PRICING} to subscribe to our API plans for higher rate limits."
)


class CoinGeckoStandInError(LocalAzureError):
    """The local CoinGecko was set up or steered with something it cannot use."""


class FaultSpecError(CoinGeckoStandInError):
    """A fault specification that does not parse."""


@dataclass(slots=True, eq=False)
class Refusal(Exception):  # noqa: N818 - it is an answer of the API, raised only to leave the handler
    """An HTTP answer other than 200: its status, its JSON body, and the headers that belong to it."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str] = field(default_factory=dict)


def flat(status: int, message: str) -> Refusal:
    """Shape A: `{"error": text}`."""
    return Refusal(status, {"error": message})


def with_status(status: int, code: int, message: str) -> Refusal:
    """Shape B: `{"status": {"error_code": number, "error_message": text}}`."""
    return Refusal(status, {"status": {"error_code": code, "error_message": message}})


def nested(status: int, code: int, message: str, timestamp: str) -> Refusal:
    """Shape C: `{"error": {"status": {...}}}`."""
    inner = {"timestamp": timestamp, "error_code": code, "error_message": message}
    return Refusal(status, {"error": {"status": inner}})


def rate_limited(retry_after: int | None) -> Refusal:
    """HTTP 429; `retry_after` None leaves the header out, as the real API sometimes does."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Refusal(429, {"status": {"error_code": 429, "error_message": RATE_LIMIT_MESSAGE}}, headers)


def key_missing() -> Refusal:
    return with_status(401, 10002, "API Key Missing. Send the pro key in the header x-cg-pro-api-key.")


def key_unknown(header: str) -> Refusal:
    return with_status(401, 401, f"Invalid API Key: the key in {header} is not known to this server.")


def pro_key_on_demo_host() -> Refusal:
    return with_status(
        400,
        10010,
        "If you are using Pro API key, please change your root URL from api.coingecko.com to pro-api.coingecko.com"
        " (here: from /api/v3 to /pro/api/v3).",
    )


def demo_key_on_pro_host() -> Refusal:
    return with_status(
        400,
        10011,
        "If you are using Demo API key, please change your root URL from pro-api.coingecko.com to api.coingecko.com"
        " (here: from /pro/api/v3 to /api/v3).",
    )


def plan_restricted(what: str) -> Refusal:
    return with_status(401, 10005, f"{what} is limited to PRO API subscribers. Please visit {PRICING}.")


def beyond_time_range(timestamp: str) -> Refusal:
    message = (
        "Your request exceeds the allowed time range. Public API users are limited to querying historical data "
        f"within the past 365 days. Upgrade to a paid plan to enjoy full historical data access: {PRICING}."
    )
    return nested(401, 10012, message, timestamp)


def coin_not_found() -> Refusal:
    return flat(404, "coin not found")
