"""Numbers as the real API writes them: whole ones without a point, prices by their size, series in full."""

import math

Number = int | float


def whole(value: float) -> Number:
    """An int where nothing is lost by it."""
    return int(value) if value == math.floor(value) and abs(value) < 2**53 else value


def price(value: float, *, crypto: bool = False) -> Number:
    """A quoted price: in money by its size, in a crypto currency with 8 decimals at most.

    >>> price(77671.4), price(67.8123), price(1.00234), price(0.99389812), price(0.0000635712)
    (77671, 67.81, 1.002, 0.993898, 6.357e-05)
    """
    if crypto:
        return round(value, 6) if value >= 1 else float(f"{value:.6g}")
    size = abs(value)
    if size >= 10_000:
        return round(value)
    if size >= 0.01:
        return whole(round(value, 2 if size >= 10 else 3 if size >= 1 else 6))
    return float(f"{value:.4g}")


def amount(value: float) -> Number:
    """A market cap or a volume: whole from a thousand on."""
    return round(value) if abs(value) >= 1000 else whole(round(value, 4))


def with_precision(value: float, precision: str | None, *, crypto: bool = False) -> Number:
    """A price under the request's `precision`: none, `full` or a number of decimals."""
    if precision is None:
        return price(value, crypto=crypto)
    return value if precision == "full" else whole(round(value, int(precision)))
