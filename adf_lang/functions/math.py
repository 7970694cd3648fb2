"""Arithmetic: 64-bit integers that do not wrap, doubles where one of the numbers is one."""

import math
from collections.abc import Callable

from adf_lang.nodes import INTEGERS
from adf_lang.registry import RefusalError, function
from adf_lang.scope import Scope
from adf_lang.types import TYPES, Value
from adf_lang.values import int32

Number = int | float
MAX_RANGE = 100_000
MAX_INT32 = 2**31 - 1


def _check(*numbers: Number) -> None:
    """JSON may bring integers of any size; the language calculates with 64 bits."""
    for index, number in enumerate(numbers):
        if type(number) is int and number not in INTEGERS:
            raise RefusalError(f"{number} does not fit into a 64-bit integer", argument=index)


def _bounded(name: str, value: Number) -> Number:
    if type(value) is int and value not in INTEGERS:
        raise RefusalError(f"the result of {name} does not fit into a 64-bit integer")
    return value


@function("add(summand1: number, summand2: number) -> number")
def add(summand1: Number, summand2: Number) -> Number:
    """The sum.

    >>> add(1, 1.5) -> 2.5
    """
    _check(summand1, summand2)
    return _bounded("add", summand1 + summand2)


@function("sub(minuend: number, subtrahend: number) -> number")
def sub(minuend: Number, subtrahend: Number) -> Number:
    """The first without the second.

    >>> sub(10.3, 0.3) -> 10.0
    """
    _check(minuend, subtrahend)
    return _bounded("sub", minuend - subtrahend)


@function("mul(multiplicand1: number, multiplicand2: number) -> number")
def mul(multiplicand1: Number, multiplicand2: Number) -> Number:
    """The product.

    >>> mul(1.5, 2) -> 3.0
    """
    _check(multiplicand1, multiplicand2)
    return _bounded("mul", multiplicand1 * multiplicand2)


@function("div(dividend: number, divisor: number) -> number")
def div(dividend: Number, divisor: Number) -> Number:
    """The quotient: of two integers cut toward zero, else a float.

    >>> div(11, 5) -> 2
    >>> div(-7, 2) -> -3
    >>> div(11, 5.0) -> 2.2
    """
    _check(dividend, divisor)
    if divisor == 0:
        raise RefusalError("div cannot divide by zero", argument=1)
    if type(dividend) is int and type(divisor) is int:
        quotient = abs(dividend) // abs(divisor)
        return _bounded("div", quotient if (dividend < 0) == (divisor < 0) else -quotient)
    return dividend / divisor


@function("mod(dividend: number, divisor: number) -> number")
def mod(dividend: Number, divisor: Number) -> Number:
    """The rest of the division, with the sign of the dividend.

    >>> mod(3, 2) -> 1
    >>> mod(-3, 2) -> -1
    """
    _check(dividend, divisor)
    if divisor == 0:
        raise RefusalError("mod cannot divide by zero", argument=1)
    if type(dividend) is int and type(divisor) is int:
        if (dividend, divisor) == (INTEGERS[0], -1):
            raise RefusalError("the result of mod does not fit into a 64-bit integer")
        rest = abs(dividend) % abs(divisor)
        return -rest if dividend < 0 else rest
    if math.isinf(dividend):
        return math.nan
    return math.fmod(dividend, divisor)


@function("max(number: number | array, ...more: number) -> number")
def max_(*numbers: Value) -> Number:
    """The greatest of some numbers, or of the numbers in one array.

    >>> max(1, 2.5) -> 2.5
    >>> max(createArray(3, 1)) -> 3
    """
    return _pick("max", numbers, max)


@function("min(number: number | array, ...more: number) -> number")
def min_(*numbers: Value) -> Number:
    """The least of some numbers, or of the numbers in one array.

    >>> min(1, 2, -3) -> -3
    """
    return _pick("min", numbers, min)


def _pick(name: str, arguments: tuple[Value, ...], pick: Callable[..., Number]) -> Number:
    numbers = arguments
    if isinstance(arguments[0], list):
        if len(arguments) > 1:
            raise RefusalError(f"{name} takes numbers or one array, not both", argument=0)
        numbers = tuple(arguments[0])
    if not numbers:
        raise RefusalError(f"{name} of an empty array", argument=0)
    for number in numbers:
        if type(number) not in (int, float):
            raise RefusalError(f"{name} takes numbers, but one is {TYPES[type(number)]}", argument=0)
    # One float makes the result one: max(1.5, 2) is 2.0.
    if any(type(number) is float for number in numbers):
        return pick([float(number) for number in numbers])
    return pick(numbers)


@function("range(startIndex: integer, count: integer) -> array")
def range_(start_index: int, count: int) -> list[int]:
    """So many integers, beginning with the first argument; at most 100,000.

    >>> range(1, 4) -> [1,2,3,4]
    """
    start, count = int32(start_index), int32(count)
    if not 0 <= count <= MAX_RANGE:
        raise RefusalError(f"'count' of range must lie between 0 and {MAX_RANGE:,}, but is {count}", argument=1)
    if start + count - 1 > MAX_INT32:
        raise RefusalError(f"range gives 32-bit integers, but would end at {start + count - 1}", argument=1)
    return list(range(start, start + count))


@function("rand(minValue: integer, maxValue: integer) -> integer", scoped=True)
def rand(scope: Scope, min_value: int, max_value: int) -> int:
    """A random integer from the first to the one before the second.

    >>> rand(5, 6) -> 5
    """
    least, most = int32(min_value), int32(max_value)
    if least > most:
        raise RefusalError(f"'minValue' of rand ({least}) is greater than 'maxValue' ({most})", argument=0)
    return scope.random.randrange(least, max(most, least + 1))
