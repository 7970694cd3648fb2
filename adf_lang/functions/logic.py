"""Logical functions; `if`, `and`, `or` and `coalesce` evaluate only what they need."""

from collections.abc import Callable

from adf_lang import collation
from adf_lang.registry import RefusalError, function
from adf_lang.scope import Scope
from adf_lang.types import Type, Value, type_of
from adf_lang.values import deep_equal

Lazy = Callable[[], Value]
NUMBERS = (Type.INTEGER, Type.FLOAT)


def _boolean(name: str, lazy: Lazy, index: int) -> bool:
    value = lazy()
    if value is True or value is False:
        return bool(value)
    raise RefusalError(f"{name} takes booleans, but argument {index + 1} is {type_of(value)}", argument=index)


@function("and(expression: boolean, ...more: boolean) -> boolean", lazy=True)
def and_(*arguments: Lazy) -> bool:
    """Whether all of them are true; stops at the first false one.

    >>> and(greater(2, 1), false) -> false
    >>> and(true, equals('a', 'a')) -> true
    """
    return all(_boolean("and", argument, index) for index, argument in enumerate(arguments))


@function("or(expression: boolean, ...more: boolean) -> boolean", lazy=True)
def or_(*arguments: Lazy) -> bool:
    """Whether one of them is true; stops at the first true one.

    >>> or(false, equals(1, 1)) -> true
    """
    return any(_boolean("or", argument, index) for index, argument in enumerate(arguments))


@function("not(expression: boolean) -> boolean")
def not_(expression: bool) -> bool:
    """The opposite of a boolean.

    >>> not(false) -> true
    """
    return not expression


@function("if(condition: boolean, whenTrue: any, whenFalse: any) -> any", lazy=True)
def if_(condition: Lazy, when_true: Lazy, when_false: Lazy) -> Value:
    """The second argument where the first is true, else the third; the other one is not evaluated.

    >>> if(equals(1, 1), 'yes', 'no') -> 'yes'
    """
    return when_true() if _boolean("if", condition, 0) else when_false()


@function("equals(value: any, other: any, ...more: any) -> boolean", scoped=True)
def equals(scope: Scope, value: Value, other: Value, *more: Value) -> bool:
    """Whether the values are equal: texts by case, numbers by value, arrays and objects member by member.

    >>> equals('a', 'A') -> false
    >>> equals(1, 1.0) -> true
    >>> equals(true, 1) -> false
    """
    return all(_equal(scope, value, item) for item in (other, *more))


def _equal(scope: Scope, left: Value, right: Value) -> bool:
    if type_of(left) in NUMBERS and type_of(right) in NUMBERS:
        return float(left) == float(right) if type(left) is not type(right) else bool(left == right)
    if scope.choices.boolean_equals_number and (type(left) is bool or type(right) is bool):
        return (
            type_of(left) in (*NUMBERS, Type.BOOLEAN) and type_of(right) in (*NUMBERS, Type.BOOLEAN) and left == right
        )
    return deep_equal(left, right)


def _order(name: str, value: Value, other: Value) -> int:
    """Negative, zero or positive as value stands before, with or behind other."""
    left, right = type_of(value), type_of(other)
    if left in NUMBERS and right in NUMBERS:
        if left is not right:
            value, other = float(value), float(other)
        return int(value > other) - int(value < other)
    if left is right is Type.STRING:
        return collation.compare(value, other)
    if left is not right:
        raise RefusalError(f"{name} compares two numbers or two texts, not {left} with {right}", argument=1)
    raise RefusalError(f"{name} compares numbers or texts, not {left}", argument=0)


@function("greater(value: any, compareTo: any) -> boolean")
def greater(value: Value, compare_to: Value) -> bool:
    """Whether the first is greater: numbers by value, texts in dictionary order.

    >>> greater(10, 5) -> true
    >>> greater('apple', 'banana') -> false
    """
    return _order("greater", value, compare_to) > 0


@function("greaterOrEquals(value: any, compareTo: any) -> boolean")
def greater_or_equals(value: Value, compare_to: Value) -> bool:
    """Whether the first is greater than or equal to the second.

    >>> greaterOrEquals(5, 5) -> true
    """
    return _order("greaterOrEquals", value, compare_to) >= 0


@function("less(value: any, compareTo: any) -> boolean")
def less(value: Value, compare_to: Value) -> bool:
    """Whether the first is less: numbers by value, texts in dictionary order, a small letter before its capital.

    >>> less(5, 10) -> true
    >>> less('a', 'B') -> true
    """
    return _order("less", value, compare_to) < 0


@function("lessOrEquals(value: any, compareTo: any) -> boolean")
def less_or_equals(value: Value, compare_to: Value) -> bool:
    """Whether the first is less than or equal to the second.

    >>> lessOrEquals(10, 10) -> true
    """
    return _order("lessOrEquals", value, compare_to) <= 0
