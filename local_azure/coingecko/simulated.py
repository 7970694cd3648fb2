"""The simulated market: every answer a pure function of the seed, the call and the time."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime

import numpy as np

from local_azure.coingecko import charts, errors
from local_azure.coingecko.clock import iso
from local_azure.coingecko.coins import BY_ID, CATEGORIES, COIN_MONEY, COINS, INACTIVE, VS_CURRENCIES, Coin
from local_azure.coingecko.keys import Plan
from local_azure.coingecko.market import Answer, RawQuery
from local_azure.coingecko.numbers import amount, with_precision
from local_azure.coingecko.paths import STEPS_PER_DAY, stream_key
from local_azure.coingecko.prices import Prices
from local_azure.coingecko.queries import Endpoint, Query
from local_azure.coingecko.snapshot import Snapshot, Snapshots

DAY = charts.DAY
HISTORY_DAYS = 365  # how far back the demo and keyless plans may look
SNAPSHOT_SECONDS = 60
# Longest span in days for an interval that is asked for.
INTERVAL_DAYS = {"5m": 10, "hourly": 100}
# Bitcoin's first day: `days=max` starts there.
FIRST_DAY = min(coin.listed_day for coin in COINS)


class SimulatedMarket:
    """A Market of 300 made-up histories under real and real-looking names."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._prices = Prices(seed)
        self._snapshots = Snapshots(self._prices)
        self._answers: dict[Endpoint, Callable[[Query, float], object]] = {
            Endpoint.COINS_LIST: self._coins_list,
            Endpoint.COINS_MARKETS: self._coins_markets,
            Endpoint.HISTORY: self._history,
            Endpoint.MARKET_CHART: self._market_chart,
            Endpoint.MARKET_CHART_RANGE: self._market_chart_range,
            Endpoint.OHLC: self._ohlc,
            Endpoint.SIMPLE_PRICE: self._simple_price,
            Endpoint.SUPPORTED_VS_CURRENCIES: lambda _query, _now: list(VS_CURRENCIES),
        }

    @property
    def provenance(self) -> str:
        return f"simulated; seed={self.seed}"

    @property
    def starts_at(self) -> float | None:
        return None

    def recorded(self, raw: RawQuery, now: float) -> Answer | None:
        return None

    def answer(self, query: Query, now: float) -> Answer:
        document = self._answers[query.endpoint](query, now)
        body = json.dumps(document, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return Answer(body=body.encode(), provenance=self.provenance)

    def _coins_list(self, query: Query, now: float) -> object:
        if query.text("status") == "inactive":
            coins = [{"id": coin_id, "symbol": symbol, "name": name} for coin_id, symbol, name in INACTIVE]
            return [{**coin, "platforms": {}} for coin in coins] if query.flag("include_platform") else coins
        listed = sorted((coin for coin in COINS if coin.listed_day <= now // DAY), key=lambda coin: coin.id)
        return [_list_entry(coin, platforms=query.flag("include_platform")) for coin in listed]

    def _coins_markets(self, query: Query, now: float) -> object:
        vs_currency = _vs_currency(query)
        page, per_page = query.number("page"), query.number("per_page")
        # Pages are cached apart from each other, so two pages may show the market up to a minute apart.
        offset = stream_key(self.seed, "page", page) % SNAPSHOT_SECONDS
        at = int((now - offset) // SNAPSHOT_SECONDS) * SNAPSHOT_SECONDS + offset
        shot = self._snapshots.take(at, vs_currency)
        places = _ordered(_selected(query, shot), query.text("order"), shot)
        start = max(0, (page - 1) * per_page - query.row_shift)
        return [
            self._snapshots.row(
                shot,
                place,
                precision=query.optional_text("precision"),
                timeframes=query.words("price_change_percentage"),
                sparkline=query.flag("sparkline"),
                rehypothecated=query.flag("include_rehypothecated"),
            )
            for place in places[start : start + per_page]
        ]

    def _simple_price(self, query: Query, now: float) -> object:
        currencies = query.words("vs_currencies")
        for currency in currencies:
            _check_currency(currency, "vs_currencies")
        at = int(now // SNAPSHOT_SECONDS) * SNAPSHOT_SECONDS
        shots = {currency: self._snapshots.take(at, currency) for currency in currencies}
        places = _selected(query, shots[currencies[0]]) if currencies else []
        return {COINS[place].id: _simple(query, shots, place) for place in places}

    def _market_chart(self, query: Query, now: float) -> object:
        interval = query.optional_text("interval")
        if interval in INTERVAL_DAYS and query.plan is not Plan.PRO:
            raise errors.plan_restricted(f"interval={interval}")
        days = _days(query.text("days"), now)
        _check_history(query, now - days * DAY, now)
        _check_interval(interval, days)
        grid = charts.INTERVALS[interval] if interval else charts.granularity(now - days * DAY, now, now)
        return self._chart(
            query, now - days * DAY, now, now, grid=grid, day_ready=charts.CHART_DAY_READY_SECONDS, live=True
        )

    def _market_chart_range(self, query: Query, now: float) -> object:
        start, end = query.number("from"), query.number("to")
        if start > end:
            raise errors.flat(400, f"Invalid range: from {start} is later than to {end}")
        _check_history(query, start, now)
        interval = query.optional_text("interval")
        _check_interval(interval, (end - start) / DAY)
        grid = charts.INTERVALS[interval] if interval else charts.granularity(start, end, now)
        live = charts.ends_now(end, now)
        ready = charts.RANGE_DAY_READY_SECONDS
        return self._chart(query, start, min(end, now), now, grid=grid, day_ready=ready, live=live)

    def _chart(
        self, query: Query, start: float, end: float, now: float, *, grid: charts.Grid, day_ready: int, live: bool
    ) -> object:
        vs_currency, row = _vs_currency(query), _row(query)
        series = charts.points(
            self._prices, row, start=start, end=end, now=now, grid=grid, day_ready=day_ready, live=live
        )
        names = ("prices", "market_caps", "total_volumes")
        values = charts.chart(self._prices, row, vs_currency, series)
        precision = query.optional_text("precision")
        if precision not in (None, "full"):
            values = (values[0].round(int(precision)), *values[1:])
        return {name: charts.pairs(series, figures) for name, figures in zip(names, values, strict=True)}

    def _ohlc(self, query: Query, now: float) -> object:
        interval, text = query.optional_text("interval"), query.text("days")
        days = _days(text, now)
        _check_history(query, now - days * DAY, now)
        if interval and (text in ("365", "max") or (text == "180" and interval == "hourly")):
            raise errors.flat(400, f"Invalid interval {interval} for days={text}")
        vs_currency, row = _vs_currency(query), _row(query)
        precision, crypto = query.optional_text("precision"), vs_currency in COIN_MONEY
        return [
            [close, *(with_precision(float(value), precision, crypto=crypto) for value in figures)]
            for close, *figures in charts.candles(self._prices, row, vs_currency, days=days, interval=interval, now=now)
        ]

    def _history(self, query: Query, now: float) -> object:
        day = _history_day(query.text("date"))
        _check_history(query, day * DAY, now)
        row = _row(query)
        coin = COINS[row]
        body: dict[str, object] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name}
        if query.flag("localization"):
            body["localization"] = {"en": coin.name, "de": coin.name, "fr": coin.name, "ja": coin.name}
        body["image"] = {size: coin.image.replace("/large/", f"/{size}/") for size in ("thumb", "small")}
        ready = now >= day * DAY + charts.RANGE_DAY_READY_SECONDS
        if ready and coin.quoted and coin.listed_day <= day:
            body["market_data"] = self._history_data(row, day)
        nothing = dict.fromkeys(("facebook_likes", "reddit_subscribers"))
        averages = dict.fromkeys(
            ("reddit_average_posts_48h", "reddit_average_comments_48h", "reddit_accounts_active_48h"), 0.0
        )
        body["community_data"] = {**nothing, **averages}
        body["developer_data"] = dict.fromkeys(("forks", "stars", "subscribers", "total_issues", "closed_issues"))
        body["public_interest_stats"] = {"alexa_rank": None, "bing_matches": None}
        return body

    def _history_data(self, row: int, day: int) -> dict[str, dict[str, object]]:
        steps = np.array([float(day * STEPS_PER_DAY)])
        series = charts.Series(milliseconds=np.array([day * DAY * 1000]), steps=steps)
        data: dict[str, dict[str, object]] = {"current_price": {}, "market_cap": {}, "total_volume": {}}
        for currency in VS_CURRENCIES:
            for name, figures in zip(data, charts.chart(self._prices, row, currency, series), strict=True):
                data[name][currency] = float(figures[0])
        return data


def _vs_currency(query: Query) -> str:
    currency = query.text("vs_currency")
    _check_currency(currency, "vs_currency")
    return currency


def _check_currency(currency: str, parameter: str) -> None:
    if currency not in VS_CURRENCIES:
        raise errors.flat(400, f"invalid {parameter} {currency!r}: one of {', '.join(VS_CURRENCIES)}")


def _row(query: Query) -> int:
    if query.coin_id not in BY_ID:
        raise errors.coin_not_found()
    return BY_ID[query.coin_id]


def _days(text: str, now: float) -> int:
    if text == "max":
        return int(now // DAY) - FIRST_DAY
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 100_000):
        raise errors.flat(400, f"Invalid days {text!r}: a whole number from 1, or max")
    return min(int(text), int(now // DAY) - FIRST_DAY)


def _check_history(query: Query, start: float, now: float) -> None:
    if query.plan is not Plan.PRO and start < now - HISTORY_DAYS * DAY:
        raise errors.beyond_time_range(iso(now))


def _check_interval(interval: str | None, days: float) -> None:
    if interval in INTERVAL_DAYS and days > INTERVAL_DAYS[interval]:
        raise errors.flat(400, f"Invalid interval {interval}: at most {INTERVAL_DAYS[interval]} days in one request")


def _history_day(text: str) -> int:
    for form in ("%d-%m-%Y", "%Y-%m-%d"):
        try:
            moment = datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        return (moment.date() - date(1970, 1, 1)).days
    raise errors.flat(400, f"Invalid date {text!r}: DD-MM-YYYY is wanted, day first")


def _list_entry(coin: Coin, *, platforms: bool) -> dict[str, object]:
    entry: dict[str, object] = {"id": coin.id, "symbol": coin.symbol, "name": coin.name}
    if platforms:
        contract = f"0x{stream_key(0, 'contract', coin.id):016x}{stream_key(1, 'contract', coin.id):016x}00000000"
        entry["platforms"] = {"ethereum": contract} if coin.token else {}
    return entry


def _selected(query: Query, shot: Snapshot) -> list[int]:
    """Places of the coins asked for: by category, else ids, else names, else symbols, else all."""
    listed = shot.listed
    category = query.optional_text("category") if "category" in query.values else None
    if category is not None:
        if category not in CATEGORIES.values():
            raise errors.flat(404, f"category not found; this market has {', '.join(CATEGORIES.values())}")
        return [place for place in listed if COINS[place].category == category]
    if ids := query.words("ids"):
        return [place for place in listed if COINS[place].id in ids]
    if names := query.words("names"):
        return [place for place in listed if COINS[place].name.lower() in names]
    if symbols := query.words("symbols"):
        found = [place for place in listed if COINS[place].symbol in symbols]
        if query.optional_text("include_tokens") == "all":
            return found
        largest: dict[str, int] = {}
        for place in found:
            largest.setdefault(COINS[place].symbol, place)
        return list(largest.values())
    return listed


def _ordered(places: list[int], order: str, shot: Snapshot) -> list[int]:
    """Unranked coins stay last, whichever way market caps run."""
    field, _, direction = order.rpartition("_")
    down = direction == "desc"
    if field == "id":
        return sorted(places, key=lambda place: COINS[place].id, reverse=down)
    if field == "volume":
        return sorted(places, key=lambda place: shot.volumes[place], reverse=down)
    ranked = sorted((place for place in places if place in shot.ranks), key=lambda place: shot.ranks[place])
    return (ranked if down else ranked[::-1]) + [place for place in places if place not in shot.ranks]


def _simple(query: Query, shots: dict[str, Snapshot], place: int) -> dict[str, object]:
    entry: dict[str, object] = {}
    quoted = COINS[place].quoted
    for currency, shot in shots.items():
        now, before = float(shot.prices[place]), float(shot.price_before[place])
        value = with_precision(now, query.optional_text("precision"), crypto=currency in COIN_MONEY)
        entry[currency] = value if quoted else None
        if query.flag("include_market_cap"):
            entry[f"{currency}_market_cap"] = float(shot.caps[place]) if quoted else None
        if query.flag("include_24hr_vol"):
            entry[f"{currency}_24h_vol"] = amount(float(shot.volumes[place])) if quoted else None
        if query.flag("include_24hr_change"):
            entry[f"{currency}_24h_change"] = (now / before - 1) * 100 if quoted else None
        if query.flag("include_last_updated_at"):
            entry["last_updated_at"] = int(shot.updated[place])
    return entry
