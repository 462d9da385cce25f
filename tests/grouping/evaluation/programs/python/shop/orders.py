"""Orders and refunds, which share a helper."""

import asyncio
import contextlib
import functools

from shop import pricing


def require(value, name):
    if not value:
        raise ValueError(f"{name} is missing for {value!r}")
    return value


def place_order(basket):
    require(basket["customer"], "customer")
    return pricing.price(basket)


async def place_order_async(basket):
    await asyncio.sleep(0)
    require(basket["customer"], "customer")
    return pricing.price(basket)


def refund(basket):
    require(basket["customer"], "customer")
    return -pricing.price(basket)


def retry(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            for _ in range(times - 1):
                with contextlib.suppress(RuntimeError):
                    return function(*args)
            return function(*args)

        return wrapper

    return decorate


@retry(3)
def reserve(basket):
    raise RuntimeError(f"order {basket['id']} could not be reserved at {basket['at']}")


@contextlib.contextmanager
def transaction(basket):
    yield basket


def cancel(basket):
    with transaction(basket):
        basket["lines"][99]["count"] = 0


class ApiError(Exception):
    pass


def get(path, answer):
    return check(path, answer)


def check(path, answer):
    if answer >= 400:
        raise ApiError(f"GET {path}: {answer}")


def load_order(basket):
    return get(f"/orders/{basket['id']}", 503)


def load_price(basket):
    return get(f"/prices/{basket['id']}", 500)


def ship(basket):
    if not basket["address"]:
        raise ValueError("no address")
    if not basket["lines"]:
        raise ValueError("nothing to ship")
