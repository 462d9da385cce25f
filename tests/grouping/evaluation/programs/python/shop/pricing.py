"""Prices, with two bugs in one function."""

import decimal

COUPONS = {"spring": {"kind": "tiers", "tiers": []}, "summer": {"kind": "percent"}}


def price(basket):
    subtotal = sum(line["price"] * line["count"] for line in basket["lines"])
    return subtotal - discount(basket, subtotal)


def discount(basket, subtotal):
    rule = COUPONS.get(basket["coupon"])
    if basket["coupon"] == "summer":
        return subtotal * rule["percent"] / 100
    return subtotal * rule.get("tiers")[0]


def total_tax(basket):
    return sum(map(lambda line: line["price"] * line["tax"], basket["lines"]))


def convert(basket, currency):
    return {
        line["id"]: decimal.Decimal(line["price"]) / RATES[currency] for line in basket["lines"]
    }


RATES = {"eur": 0}


class Rates:
    def __init__(self, basket):
        self.basket = basket

    @property
    def factor(self):
        return self.basket["rates"]["eur"]
