"""Operators that plan CoinGecko calls and land the answers unchanged in Blob Storage."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow.sdk import BaseOperator
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowFailException

from adf_export_airflow.clock import Clock, SystemClock, moment
from adf_export_airflow.coingecko.errors import BrokenAnswerError, CoinGeckoInputError, EmptyAnswerError
from adf_export_airflow.coingecko.hook import CoinGeckoHook
from adf_export_airflow.coingecko.inputs import (
    MAX_PAGES,
    MAX_PER_PAGE,
    read_coins,
    read_count,
    read_date,
    read_run_name,
    read_text,
    read_vs_currency,
)
from adf_export_airflow.coingecko.ranges import check_days, split_days
from adf_export_airflow.errors import AdfExportAirflowError
from adf_export_airflow.landing_names import chart_blob, markets_blob

if TYPE_CHECKING:
    from airflow.sdk import Context, XComArg

    from adf_export_airflow.coingecko.client import Answer
    from adf_export_airflow.landing import Landing

Coins: TypeAlias = "Sequence[str] | str | XComArg"
"""A list, a template that renders one, or the output of the operator that resolves them."""

INGEST_DATE = "{{ dag_run.run_after | ds }}"  # every run has it; `ds` is missing where there is no logical date
LATEST_SECOND = 4_102_444_800  # year 2100: a larger "second" is a millisecond


class _CoinGeckoOperator(BaseOperator):
    """What all of them share: the connection, and faults that say whether a retry helps."""

    template_fields: Sequence[str] = ("coingecko_conn_id",)
    ui_color = "#e7f5d6"
    clock: Clock = SystemClock()

    def __init__(self, *, coingecko_conn_id: str = CoinGeckoHook.default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coingecko_conn_id = coingecko_conn_id

    def execute(self, context: "Context") -> Any:
        with _judged():
            return self._run(context)

    def _run(self, context: "Context") -> Any:
        raise NotImplementedError

    def _hook(self) -> CoinGeckoHook:
        return CoinGeckoHook(self.coingecko_conn_id, clock=self.clock)


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except AdfExportAirflowError as error:
        if error.transient:
            raise
        raise AirflowFailException(str(error)) from error


class CoinGeckoResolveCoinsOperator(_CoinGeckoOperator):
    """Returns the ids of coins given by id or symbol. An ambiguous symbol fails with all its candidates."""

    template_fields: Sequence[str] = ("coins", *_CoinGeckoOperator.template_fields)

    def __init__(self, *, coins: Coins, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coins = coins

    def _run(self, context: "Context") -> list[str]:
        wanted = read_coins(self.coins)
        return self._hook().coins().resolve(wanted) if wanted else []


class CoinGeckoPlanMarketPagesOperator(BaseOperator):
    """Returns the page numbers to land: of the given coins, or the first `pages` of the whole market."""

    template_fields: Sequence[str] = ("pages", "per_page", "coin_ids")

    def __init__(self, *, pages: int | str = 1, per_page: int | str = 100, coin_ids: Coins = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pages = pages
        self.per_page = per_page
        self.coin_ids = coin_ids

    def execute(self, context: "Context") -> list[int]:
        with _judged():
            coins = read_coins(self.coin_ids)
            pages = read_count("pages", self.pages, minimum=1, maximum=MAX_PAGES)
            per_page = read_count("per_page", self.per_page, minimum=1, maximum=MAX_PER_PAGE)
        return list(range(1, (-(-len(coins) // per_page) if coins else pages) + 1))


class CoinGeckoPlanChartRangesOperator(_CoinGeckoOperator):
    """Returns the calls that cover coins x days, for `expand_kwargs` of the landing operator.

    Days are UTC, first and last included. A range beyond the plan's history is refused here, before any call.
    """

    template_fields: Sequence[str] = (
        "coins",
        "vs_currency",
        "date_from",
        "date_to",
        *_CoinGeckoOperator.template_fields,
    )

    def __init__(self, *, coins: Coins, date_from: str, date_to: str, vs_currency: str = "usd", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.coins = coins
        self.vs_currency = vs_currency
        self.date_from = date_from
        self.date_to = date_to

    def _run(self, context: "Context") -> list[dict[str, Any]]:
        coins = read_coins(self.coins)
        if not coins:
            raise CoinGeckoInputError("coins is empty", remedy="Give at least one coin id")
        vs_currency = read_vs_currency(self.vs_currency)
        first, last = read_date("date_from", self.date_from), read_date("date_to", self.date_to)
        settings = self._hook().settings
        check_days(first, last, now=moment(self.clock), plan=settings.plan, history_days=settings.history_days)
        pieces = split_days(first, last)
        _check_map_length(len(coins) * len(pieces))
        return [
            {"coin_id": coin, "vs_currency": vs_currency, "range_from": piece.range_from, "range_to": piece.range_to}
            for coin in coins
            for piece in pieces
        ]


def _check_map_length(calls: int) -> None:
    longest = conf.getint("core", "max_map_length", fallback=1024)
    if calls > longest:
        raise CoinGeckoInputError(
            f"the range takes {calls} calls, and Airflow maps at most {longest} tasks",
            remedy="Ask for fewer coins or days in a run, or raise [core] max_map_length",
        )


class _LandingOperator(_CoinGeckoOperator):
    """Lands one answer: looks whether it is there, calls, checks, writes."""

    template_fields: Sequence[str] = (
        "container",
        "run_name",
        "ingest_date",
        "wasb_conn_id",
        *_CoinGeckoOperator.template_fields,
    )

    def __init__(
        self,
        *,
        container: str = "landing",
        run_name: str = "{{ run_id }}",
        ingest_date: str = INGEST_DATE,
        wasb_conn_id: str = "wasb_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.container = container
        self.run_name = run_name
        self.ingest_date = ingest_date
        self.wasb_conn_id = wasb_conn_id

    def _landing(self) -> "Landing":
        from adf_export_airflow.landing import Landing  # here, as azure costs a second at each DAG parse

        return Landing(
            wasb_conn_id=read_text("wasb_conn_id", self.wasb_conn_id),
            container=read_text("container", self.container),
        )

    def _keep(self, landing: "Landing", name: str, answer: "Answer", *, rows: int, run_name: str) -> dict[str, Any]:
        landed = landing.put(
            name,
            answer.body,
            rows=rows,
            provenance=answer.provenance,
            about={"fetched_at": answer.fetched_at, "endpoint": answer.endpoint, "run_name": run_name},
        )
        self.log.info("%s: %d rows, %d bytes, %s", landed.blob, landed.rows, landed.bytes, landed.provenance)
        return landed.as_xcom()

    def _found(self, landing: "Landing", name: str) -> dict[str, Any] | None:
        landed = landing.find(name)
        if landed is None:
            return None
        self.log.info("%s has landed before: nothing is called", name)
        return landed.as_xcom()


class CoinGeckoMarketsToBlobOperator(_LandingOperator):
    """Lands one page of `/coins/markets`. A page beyond the end lands with 0 rows; an empty first page fails."""

    template_fields: Sequence[str] = (
        "page",
        "per_page",
        "vs_currency",
        "coin_ids",
        *_LandingOperator.template_fields,
    )

    def __init__(
        self,
        *,
        page: int | str,
        per_page: int | str = 100,
        vs_currency: str = "usd",
        coin_ids: Coins = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.page = page
        self.per_page = per_page
        self.vs_currency = vs_currency
        self.coin_ids = coin_ids

    def _run(self, context: "Context") -> dict[str, Any]:
        page = read_count("page", self.page, minimum=1, maximum=1_000_000)
        per_page = read_count("per_page", self.per_page, minimum=1, maximum=MAX_PER_PAGE)
        vs_currency = read_vs_currency(self.vs_currency)
        coins = read_coins(self.coin_ids)
        day = read_date("ingest_date", self.ingest_date)
        run_name = read_run_name(self.run_name)
        landing = self._landing()
        name = markets_blob(ingest_date=day, page=page, vs_currency=vs_currency, run_name=run_name)
        if found := self._found(landing, name):
            return found
        client = self._hook().get_conn()
        answer = client.coins_markets(vs_currency=vs_currency, page=page, per_page=per_page, ids=coins)
        return self._keep(landing, name, answer, rows=_market_rows(answer, page=page), run_name=run_name)


class CoinGeckoMarketChartRangeToBlobOperator(_LandingOperator):
    """Lands one piece of a coin's series; an answer without a point fails."""

    template_fields: Sequence[str] = (
        "coin_id",
        "vs_currency",
        "range_from",
        "range_to",
        *_LandingOperator.template_fields,
    )

    def __init__(
        self,
        *,
        coin_id: str,
        range_from: int | str,
        range_to: int | str,
        vs_currency: str = "usd",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.coin_id = coin_id
        self.vs_currency = vs_currency
        self.range_from = range_from
        self.range_to = range_to

    def _run(self, context: "Context") -> dict[str, Any]:
        coin_id = read_coins([self.coin_id])[0]
        vs_currency = read_vs_currency(self.vs_currency)
        first = read_count("range_from", self.range_from, minimum=0, maximum=LATEST_SECOND)
        last = read_count("range_to", self.range_to, minimum=first, maximum=LATEST_SECOND)
        day = read_date("ingest_date", self.ingest_date)
        run_name = read_run_name(self.run_name)
        landing = self._landing()
        name = chart_blob(
            ingest_date=day,
            coin_id=coin_id,
            vs_currency=vs_currency,
            run_name=run_name,
            range_from=first,
            range_to=last,
        )
        if found := self._found(landing, name):
            return found
        client = self._hook().get_conn()
        answer = client.market_chart_range(coin_id, vs_currency=vs_currency, range_from=first, range_to=last)
        return self._keep(landing, name, answer, rows=_chart_points(answer), run_name=run_name)


def _market_rows(answer: "Answer", *, page: int) -> int:
    rows = answer.document
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) and row.get("id") for row in rows):
        raise BrokenAnswerError("CoinGecko's markets are no list of coins", place=f"GET {answer.endpoint}")
    if not rows and page == 1:
        raise EmptyAnswerError(
            "CoinGecko's first page of markets is empty",
            place=f"GET {answer.endpoint}",
            remedy="Check the coins and the currency",
        )
    return len(rows)


def _chart_points(answer: "Answer") -> int:
    chart = answer.document
    series = ("prices", "market_caps", "total_volumes")
    if not isinstance(chart, Mapping) or not all(isinstance(chart.get(name), list) for name in series):
        raise BrokenAnswerError(
            "CoinGecko's chart lacks prices, market_caps or total_volumes", place=f"GET {answer.endpoint}"
        )
    points = len(chart["prices"])
    if not points:
        raise EmptyAnswerError(
            "CoinGecko has no price in this range",
            place=f"GET {answer.endpoint}",
            remedy="Start at the day the coin was listed; a range before it has no data",
        )
    return points
