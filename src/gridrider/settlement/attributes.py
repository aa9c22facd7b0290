"""The attributes of an enrollment that decide who is paid: which columns a tariff's payments look at."""

from __future__ import annotations

from collections.abc import Iterator

from ..tariff.model import Adder, Payment, Tariff, Upfront


def payment_attributes(tariff: Tariff) -> tuple[str, ...]:
    """Names of the attributes that any payment, adder or exclusion of the tariff names, sorted.

    Source: settlement rules, "Who a payment is for".
    """
    return tuple(sorted(set(_named(tariff))))


def _named(tariff: Tariff) -> Iterator[str]:
    for rider in tariff.riders.values():
        if rider.upfront is not None:
            yield from _named_upfront(rider.upfront)
        for service in rider.services.values():
            for payment in service.payments:
                yield from (*payment.when_any, *payment.unless_any)


def _named_upfront(upfront: Upfront) -> Iterator[str]:
    yield from upfront.unless_any
    for adder in upfront.adders:
        yield from earned_by(adder)


def earned_by(adder: Adder) -> tuple[str, ...]:
    """The attributes of which one earns an adder; none = everybody."""
    return (*((adder.when,) if adder.when else ()), *adder.when_any)


def condition_of(payment: Payment) -> str | None:
    """For whom a payment is, as a part of its lines' ids: stable under the order of the names; None = everybody.

    >>> condition_of(Payment(family="energy", when_any=("b", "a")))
    'when a,b'
    """
    parts = [f"{word} {','.join(sorted(names))}" for word, names in (("when", payment.when_any),
                                                                     ("unless", payment.unless_any)) if names]
    return " ".join(parts) or None
