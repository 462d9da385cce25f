"""The warehouse: wrapped errors, trees, groups of tasks."""

import asyncio
import json


class ShopError(Exception):
    pass


def fetch(basket):
    raise ConnectionError(f"{basket['address']} did not answer within {basket['id'] % 90} s")


def load_stock(basket, answer=None):
    try:
        json.loads(answer) if answer else fetch(basket)
    except Exception as error:
        raise ShopError(f"no stock for order {basket['id']}") from error


def walk(node, depth):
    if depth == 0:
        return node["name"]
    return walk_children(node, depth - 1)


def walk_children(node, depth):
    return [walk(child, depth) for child in node["children"]]


def tree(depth):
    return {"children": [tree(depth - 1)]} if depth else {"children": [{}]}


def is_even(number):
    return True if number == 0 else is_odd(number - 1)


def is_odd(number):
    return False if number == 0 else is_even(number - 1)


async def fetch_warehouse(number):
    await asyncio.sleep(0)
    raise TimeoutError(f"warehouse {number} did not answer")


async def fetch_price(number):
    await asyncio.sleep(0)
    raise LookupError(f"no price of {number}")


async def fetch_all(count, *more):
    async with asyncio.TaskGroup() as tasks:
        for number in range(count):
            tasks.create_task(fetch_warehouse(number))
        for function in more:
            tasks.create_task(function(count))


def call_warehouse(basket):
    raise RuntimeError("service is unavailable")


def call_mailer(basket):
    raise RuntimeError("service is unavailable")


def lock(basket):
    raise RuntimeError(f"{basket['id']} is locked")


def unlock(basket):
    raise RuntimeError(f"{basket['id']} is locked")
