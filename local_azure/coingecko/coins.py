"""The coins of the simulated market: the large ones by name and plausible size, then made-up ones down to 300.

The list is the same for every seed; a seed moves prices, not names. Symbols repeat on purpose (`pepe`, `pro`, ...), as
on the real market: only the id tells coins apart.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from local_azure.coingecko.paths import stream_key

TOTAL = 300
REFERENCE_DAY = (datetime(2026, 1, 1, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One coin: what never changes about it, and the size around which its price moves."""

    id: str
    symbol: str
    name: str
    number: int  # the place in the list, as in the real image URLs
    price: float  # US dollars, around which the path moves
    supply: float  # circulating at the start of 2026
    inflation: float  # share of the supply issued in a year
    max_supply: float | None  # None: no limit
    total_supply_known: bool
    daily_move: float  # its own daily standard deviation, besides the market's
    beta: float  # how much of the market's move it follows
    turnover: float  # volume of a day as a share of the market cap
    listed_day: int  # days since 1970; no data before
    category: str
    token: bool  # lives on another coin's chain
    ranked: bool = True
    stable: bool = False  # held at its level
    quoted: bool = True  # False: listed, but without price and market cap (a preview)

    @property
    def image(self) -> str:
        return f"https://coin-images.coingecko.com/coins/images/{self.number}/large/{self.id}.png?1696501400"


# id, symbol, name, price, circulating, max supply or 0, yearly issue, own daily move, beta, turnover, listed, category
# Categories: L layer 1, S stablecoin, W wrapped or staked, D decentralised finance, M meme, E exchange token, O other.
_KNOWN = """
bitcoin btc Bitcoin 77600 19970000 21000000 .008 .006 1 .022 2013-04-28 L
ethereum eth Ethereum 2350 120700000 0 .005 .014 1.25 .05 2015-08-07 L
tether usdt Tether 1 187000000000 0 .2 .0003 0 .45 2015-02-25 S
ripple xrp XRP 1.41 60700000000 100000000000 .05 .02 1.2 .03 2013-08-04 L
binancecoin bnb BNB 640 137700000 200000000 -.04 .012 .9 .012 2017-09-16 E
usd-coin usdc USDC 1 76000000000 0 .3 .0002 0 .18 2018-10-05 S
solana sol Solana 88 565000000 0 .06 .02 1.4 .06 2020-04-11 L
tron trx TRON .32 94700000000 0 -.02 .012 .5 .02 2017-11-09 L
dogecoin doge Dogecoin .105 168500000000 0 .03 .024 1.4 .05 2013-12-15 M
staked-ether steth Lido~Staked~Ether 2348 8700000 0 .02 .014 1.25 .002 2020-12-23 W
cardano ada Cardano .27 36000000000 45000000000 .03 .021 1.3 .03 2017-10-18 L
wrapped-bitcoin wbtc Wrapped~Bitcoin 77500 127000 0 0 .006 1 .02 2019-01-30 W
hyperliquid hype Hyperliquid 41 334000000 1000000000 .1 .03 1.3 .02 2024-11-29 D
leo-token leo LEO~Token 9.1 922000000 0 0 .008 .2 .0002 2019-05-21 E
bitcoin-cash bch Bitcoin~Cash 455 20010000 21000000 .008 .018 1.1 .03 2017-08-02 L
chainlink link Chainlink 9.6 708000000 1000000000 .05 .022 1.4 .06 2017-11-09 D
monero xmr Monero 345 18446000 0 .008 .016 .7 .02 2014-05-21 L
stellar xlm Stellar .16 32400000000 50001787000 .03 .02 1.2 .03 2014-08-05 L
zcash zec Zcash 390 16500000 21000000 .04 .04 1 .09 2016-10-29 L
litecoin ltc Litecoin 56 76900000 84000000 .02 .016 1.1 .07 2013-04-28 L
dai dai Dai 1 4500000000 0 .02 .0003 0 .03 2019-11-19 S
sui sui Sui 1.02 3800000000 10000000000 .2 .026 1.5 .08 2023-05-03 L
avalanche-2 avax Avalanche 9.4 430000000 720000000 .03 .024 1.5 .05 2020-09-22 L
hedera-hashgraph hbar Hedera .09 43000000000 50000000000 .06 .024 1.4 .03 2019-09-17 L
shiba-inu shib Shiba~Inu .0000061 589500000000000 0 0 .024 1.4 .03 2020-08-01 M
the-open-network ton Toncoin 1.35 2470000000 0 .01 .02 1.1 .03 2021-08-20 L
crypto-com-chain cro Cronos .075 38000000000 100000000000 .1 .02 1.1 .01 2018-12-14 E
mantle mnt Mantle .72 3250000000 6219000000 .01 .02 1.2 .03 2023-07-17 L
polkadot dot Polkadot 1.3 1650000000 0 .07 .02 1.4 .06 2020-08-19 L
uniswap uni Uniswap 3.3 634000000 1000000000 .01 .024 1.4 .05 2020-09-17 D
bittensor tao Bittensor 260 10600000 21000000 .2 .03 1.5 .06 2023-03-07 O
aave aave Aave 96 15200000 16000000 .01 .024 1.5 .1 2020-10-03 D
okb okb OKB 84 21000000 21000000 0 .018 .9 .01 2019-05-16 E
near near NEAR~Protocol 1.35 1290000000 0 .04 .025 1.5 .08 2020-10-14 L
internet-computer icp Internet~Computer 2.5 549000000 0 .03 .024 1.4 .03 2021-05-10 L
ethereum-classic etc Ethereum~Classic 8.6 155600000 210700000 .03 .018 1.3 .05 2016-07-26 L
pepe pepe Pepe .0000038 420690000000000 420690000000000 0 .034 1.6 .15 2023-04-14 M
ondo-finance ondo Ondo .27 4860000000 10000000000 .2 .028 1.5 .08 2024-01-18 D
aptos apt Aptos .95 780000000 0 .1 .026 1.5 .08 2022-10-19 L
kaspa kas Kaspa .034 27200000000 28704026601 .05 .026 1.3 .02 2022-06-01 L
polygon-ecosystem-token pol POL .095 10600000000 0 .02 .024 1.4 .06 2023-10-25 L
worldcoin-wld wld Worldcoin .29 3200000000 10000000000 .4 .03 1.5 .1 2023-07-24 O
cosmos atom Cosmos~Hub 1.8 498000000 0 .1 .022 1.4 .05 2019-03-14 L
algorand algo Algorand .11 8900000000 10000000000 .03 .024 1.4 .05 2019-06-21 L
arbitrum arb Arbitrum .12 6000000000 10000000000 .2 .026 1.5 .1 2023-03-23 L
filecoin fil Filecoin .95 762000000 1958000000 .15 .024 1.4 .1 2020-10-15 O
vechain vet VeChain .0075 85985000000 86712634466 0 .022 1.4 .03 2018-08-03 L
render-token render Render 1.75 518700000 644000000 .05 .028 1.5 .06 2020-06-10 O
sei-network sei Sei .066 6700000000 10000000000 .2 .028 1.5 .1 2023-08-15 L
bonk bonk Bonk .0000062 84000000000000 87995000000000 .05 .034 1.7 .12 2022-12-30 M
jupiter-exchange-solana jup Jupiter .19 3300000000 7000000000 .3 .03 1.5 .06 2024-01-31 D
quant-network qnt Quant 68 14544000 14881364 0 .02 1.1 .02 2018-08-10 O
optimism op Optimism .13 2100000000 4294967296 .2 .027 1.5 .12 2022-05-31 L
injective-protocol inj Injective 3.2 100000000 100000000 0 .027 1.5 .1 2020-10-21 D
lido-dao ldo Lido~DAO .33 846000000 1000000000 0 .028 1.5 .1 2021-01-05 D
celestia tia Celestia .36 880000000 0 .3 .03 1.5 .12 2023-10-31 L
stacks stx Stacks .24 1810000000 1818000000 .05 .026 1.4 .05 2019-10-28 L
the-graph grt The~Graph .027 10700000000 0 .03 .024 1.5 .05 2020-12-17 O
floki floki FLOKI .000032 9540000000000 10000000000000 0 .032 1.6 .1 2021-07-07 M
maker mkr Maker 1550 846000 1005577 0 .022 1.1 .04 2017-12-20 D
tezos xtz Tezos .37 1070000000 0 .05 .02 1.3 .04 2018-07-02 L
dogwifcoin wif dogwifhat .2 998800000 998926000 0 .038 1.7 .2 2023-12-19 M
the-sandbox sand The~Sandbox .08 2600000000 3000000000 .05 .026 1.5 .1 2020-08-14 O
iota miota IOTA .06 4200000000 0 .07 .024 1.4 .06 2017-06-13 L
decentraland mana Decentraland .09 1940000000 2193000000 .01 .026 1.5 .08 2017-09-17 O
eos eos EOS .2 1600000000 2100000000 .02 .024 1.3 .05 2017-07-02 L
curve-dao-token crv Curve~DAO .24 1450000000 3030000000 .1 .028 1.5 .15 2020-08-14 D
yearn-finance yfi yearn.finance 2750 35000 36666 0 .024 1.3 .1 2020-07-18 D
propy pro Propy .35 57800000 100000000 0 .03 1.1 .02 2017-09-13 O
prometeus prom Prom 2.2 18250000 19250000 0 .026 1.1 .1 2019-05-20 O
proton-coin pro ProtonCoin .0021 9800000000 0 .02 .03 1.2 .02 2021-03-02 O
pepe-unchained-2 pepe Pepe~Unchained .00031 79000000000 80000000000 0 .05 1.6 .2 2024-12-10 M
based-pepe pepe Based~Pepe .000021 990000000000 1000000000000 0 .06 1.6 .1 2024-03-14 M
baby-pepe-3 pepe Baby~Pepe .0000000031 4000000000000000 0 0 .07 1.6 .05 2023-08-01 M
first-digital-usd fdusd First~Digital~USD 1 1100000000 0 .1 .0004 0 2.2 2023-07-26 S
paypal-usd pyusd PayPal~USD 1 3900000000 0 .4 .0003 0 .03 2023-08-08 S
ethena-usde usde Ethena~USDe 1 5900000000 0 .1 .0006 0 .02 2023-12-05 S
"""

_FIRST_WORDS = (
    "aero amber astra atlas aurora beacon bloom boreal canyon cedar cinder cobalt coral crest delta ember falcon fable "
    "fjord flux glacier halo harbor helix indigo iris juniper karma kelvin lumen lunar maple mesa meteor mosaic nebula "
    "nimbus nova onyx orbit osprey pixel prism quartz radiant raven river saffron sierra solstice sonar spark summit "
    "tango terra tidal topaz umbra vector velvet violet willow zenith zephyr"
)
_FIRST = tuple(_FIRST_WORDS.split())
_SECOND = ("protocol", "swap", "network", "finance", "inu", "ai", "games", "dao", "chain", "token", "pay", "labs")
_CATEGORY_OF = {"inu": "M", "swap": "D", "finance": "D", "dao": "D", "network": "L", "chain": "L"}

CATEGORIES = {
    "L": "layer-1",
    "S": "stablecoins",
    "W": "wrapped-tokens",
    "D": "decentralized-finance-defi",
    "M": "meme-token",
    "E": "exchange-based-tokens",
    "O": "infrastructure",
}

INACTIVE = (
    ("terra-luna-old", "luna", "Terra (old)"),
    ("bitconnect", "bcc", "BitConnect"),
    ("ftx-token-old", "ftt", "FTX Token (old)"),
    ("pepe-classic-old", "pepe", "Pepe Classic (old)"),
)


def _day(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def _known() -> list[Coin]:
    coins = []
    for number, line in enumerate(_KNOWN.strip().splitlines(), start=1):
        coin_id, symbol, name, *figures, listed, category = line.split()
        price, supply, limit, inflation, own, beta, turnover = map(float, figures)
        coin = Coin(
            id=coin_id,
            symbol=symbol,
            name=name.replace("~", " "),
            number=number,
            price=price,
            supply=supply,
            inflation=inflation,
            max_supply=limit or None,
            total_supply_known=True,
            daily_move=own,
            beta=beta,
            turnover=turnover,
            listed_day=_day(listed),
            category=CATEGORIES[category],
            token=category != "L",
            stable=category == "S",
        )
        coins.append(coin)
    return coins


def _made_up(number: int) -> Coin:
    """The coin of this number: every property hashed from it, sizes falling slowly so that neighbours change places."""
    bits = stream_key(0, "coin", number)
    share = [(bits >> shift & 0xFF) / 255 for shift in range(0, 64, 8)]
    first = _FIRST[number % len(_FIRST)]
    second = _SECOND[(number // len(_FIRST) + number) % len(_SECOND)]
    market_cap = 400e6 * 0.985 ** (number - 78) * (0.97 + 0.06 * share[0])
    price = float(f"{10 ** (-5 + 6 * share[1]):.3g}")
    supply = float(f"{market_cap / price:.6g}")
    return Coin(
        id=f"{first}-{second}",
        symbol=(first[:3] + second[0]) if share[2] > 0.3 else first[:4],
        name=f"{first.title()} {second.title() if second not in ('ai', 'dao') else second.upper()}",
        number=number,
        price=price,
        supply=supply,
        inflation=0.3 * share[3],
        max_supply=supply * 2 if share[4] > 0.45 else None,
        total_supply_known=share[5] > 0.06,
        daily_move=0.025 + 0.05 * share[6],
        beta=0.8 + share[7],
        turnover=0.005 + 0.2 * share[2] * share[3],
        listed_day=_day("2019-06-01") + int(2300 * share[5]),
        category=CATEGORIES[_CATEGORY_OF.get(second, "O")],
        token=True,
        ranked=share[0] > 0.02,
        quoted=number < TOTAL - 1,
    )


def _all() -> tuple[Coin, ...]:
    known = _known()
    return tuple(known + [_made_up(number) for number in range(len(known) + 1, TOTAL + 1)])


COINS = _all()
BY_ID = {coin.id: index for index, coin in enumerate(COINS)}

# Money other than the dollar: units a dollar buys, and the daily standard deviation of that.
MONEY = {
    "usd": (1.0, 0.0),
    "eur": (0.86, 0.004),
    "gbp": (0.74, 0.004),
    "jpy": (156.0, 0.005),
    "cny": (6.9, 0.002),
    "inr": (94.0, 0.003),
    "krw": (1470.0, 0.005),
    "brl": (5.1, 0.007),
    "chf": (0.79, 0.004),
    "cad": (1.37, 0.003),
    "aud": (1.41, 0.005),
    "sgd": (1.28, 0.002),
    "try": (45.0, 0.004),
    "vef": (0.09985, 0.0),
}
# Coins that prices are quoted in, and small change of bitcoin (units a coin has).
COIN_MONEY = {
    "btc": ("bitcoin", 1.0),
    "eth": ("ethereum", 1.0),
    "bnb": ("binancecoin", 1.0),
    "xrp": ("ripple", 1.0),
    "sol": ("solana", 1.0),
    "ltc": ("litecoin", 1.0),
    "link": ("chainlink", 1.0),
    "dot": ("polkadot", 1.0),
    "bits": ("bitcoin", 1e6),
    "sats": ("bitcoin", 1e8),
}
VS_CURRENCIES = (*COIN_MONEY, *MONEY)
