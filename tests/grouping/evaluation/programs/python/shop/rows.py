"""Reading of files."""

import datetime
import json


def parse_row(basket):
    parse_price(basket["price_text"])
    return parse_date(basket["date_text"])


def parse_price(text):
    return float(text)


def parse_date(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d")


def read_settings(text):
    return json.loads(text)


def read_orders(text):
    return [json.loads(line) for line in text.splitlines()]


def prices(basket):
    for line in basket["lines"]:
        yield line["price"] / line["discount"]


def add(price, count):
    return parse_price(price) * parse_price(count)
