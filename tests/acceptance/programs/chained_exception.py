"""A program that fails because of another failure, as a user would write it."""

import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["DSN"], release="shop@1.4.2", environment="production")


class CheckoutFailed(Exception):
    """What the program's own code raises."""


def load_price(prices: dict[str, int], article: str) -> int:
    """Fail on an article without a price."""
    return prices[article]


def check_out(article: str) -> None:
    """Turn the failure into one of ours."""
    cart_size = 3
    try:
        load_price({}, article)
    except KeyError as error:
        raise CheckoutFailed(f"cannot check out {cart_size} articles") from error


check_out("umbrella")
