"""Turns what users write, coin ids and symbols, into coin ids; never guesses between coins that share a symbol."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adf_export_airflow.coingecko.errors import AmbiguousSymbolError, BrokenAnswerError, UnknownCoinError

NEAREST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """A row of `/coins/list`."""

    id: str
    symbol: str
    name: str


class CoinDirectory:
    """All active coins, by id and by symbol."""

    def __init__(self, coins: Sequence[Coin]) -> None:
        self._ids = {coin.id: coin for coin in coins}
        self._by_symbol: dict[str, list[Coin]] = {}
        for coin in coins:
            self._by_symbol.setdefault(coin.symbol.lower(), []).append(coin)

    def resolve(self, wanted: Sequence[str]) -> list[str]:
        """The ids, each once, in the order wanted; or one error that names every coin at fault.

        An id wins over a symbol: `bitcoin` is the coin, whatever tokens took the symbol BITCOIN.
        """
        unknown = [text for text in wanted if not self._candidates(text)]
        ambiguous = [text for text in wanted if len(self._candidates(text)) > 1]
        if unknown:
            also = f"; ambiguous: {self._listed(ambiguous)}" if ambiguous else ""
            raise UnknownCoinError(
                f"CoinGecko has no coin {', '.join(map(repr, unknown))}{also}", remedy=self._nearest(unknown)
            )
        if ambiguous:
            raise AmbiguousSymbolError(
                f"more than one coin has the symbol {self._listed(ambiguous)}", remedy="Name the id of the one you mean"
            )
        return list(dict.fromkeys(self._candidates(text)[0].id for text in wanted))

    def _candidates(self, text: str) -> list[Coin]:
        if coin := self._ids.get(text) or self._ids.get(text.lower()):
            return [coin]
        return self._by_symbol.get(text.lower(), [])

    def _listed(self, symbols: Sequence[str]) -> str:
        rows = (", ".join(f"{coin.id} ({coin.name})" for coin in self._candidates(text)) for text in symbols)
        return "; ".join(f"{text!r}: {row}" for text, row in zip(symbols, rows, strict=True))

    def _nearest(self, unknown: Sequence[str]) -> str:
        hints = []
        for text in unknown:
            near = difflib.get_close_matches(text.lower(), self._ids, n=NEAREST, cutoff=0.6)
            hints.append(f"Nearest to {text!r}: {', '.join(near)}" if near else f"Nothing is near {text!r}")
        return "; ".join(hints)


def read_coin_list(document: object) -> CoinDirectory:
    """The directory in an answer of `/coins/list`."""
    if not isinstance(document, list) or not document:
        raise BrokenAnswerError("CoinGecko's list of coins is no list, or empty", place="GET /coins/list")
    coins = []
    for index, row in enumerate(document):
        if not isinstance(row, Mapping) or not isinstance(row.get("id"), str) or not row["id"]:
            raise BrokenAnswerError(
                "CoinGecko's list of coins has a row without an id", place=f"GET /coins/list, $[{index}]"
            )
        coins.append(Coin(id=row["id"], symbol=str(row.get("symbol") or ""), name=str(row.get("name") or "")))
    return CoinDirectory(coins)
