"""One handler for all: what tells its bugs apart is what it calls."""

import asyncio
import logging

import sentry_sdk

from shop import orders, pricing, rows, stock

log = logging.getLogger("shop.jobs")


def handle(action, basket):
    match action:
        case "discount_unknown_coupon":
            orders.place_order({**basket, "coupon": "winter"})
        case "discount_without_percent":
            orders.place_order({**basket, "coupon": "summer"})
        case "discount_without_tiers":
            orders.place_order({**basket, "coupon": "spring"})
        case "order_without_customer":
            orders.place_order({**basket, "customer": ""})
        case "refund_without_customer":
            orders.refund({**basket, "customer": None})
        case "reserve":
            orders.reserve(basket)
        case "cancel":
            orders.cancel(basket)
        case "bad_price":
            rows.parse_row({**basket, "price_text": basket["locale_price"]})
        case "bad_date":
            rows.parse_row({**basket, "price_text": "1"})
        case "settings":
            rows.read_settings("{" * (1 + basket["id"] % 7))
        case "order_lines":
            rows.read_orders("[]\n[" + "1," * (basket["id"] % 7))
        case "tax":
            pricing.total_tax(basket)
        case "convert":
            pricing.convert(basket, "eur")
        case "stock_unreachable":
            stock.load_stock(basket)
        case "stock_garbled":
            stock.load_stock(basket, "<html>")
        case "categories":
            stock.walk(stock.tree(2 * (basket["id"] % 9)), 1 + 2 * (basket["id"] % 9))
        case "parity":
            stock.is_even(100_000 + basket["id"])
        case "warehouses":
            asyncio.run(stock.fetch_all(1 + basket["id"] % 4))
        case "warehouses_and_price":
            asyncio.run(stock.fetch_all(1 + basket["id"] % 4, stock.fetch_price))
        case "warehouse_call":
            stock.call_warehouse(basket)
        case "mailer_call":
            stock.call_mailer(basket)
        case "lock":
            stock.lock(basket)
        case "unlock":
            stock.unlock(basket)
        case "without_trace":
            sentry_sdk.capture_exception(
                stock.ShopError(f"order {basket['uuid']} of {basket['mail']} is lost")
            )
        case "without_trace_too":
            sentry_sdk.capture_exception(
                stock.ShopError(f"order {basket['uuid']} of {basket['mail']} is paid twice")
            )
        case "message_paid":
            sentry_sdk.capture_message(
                f"{basket['mail']} paid {basket['locale_number']} for {basket['id']} on {basket['at']}"
            )
        case "message_address":
            sentry_sdk.capture_message(
                f"Too many requests from {basket['address']}, session {basket['token']}"
            )
        case "message_file":
            sentry_sdk.capture_message(f"Import of {basket['path']} took {basket['duration']}")
        case "log_job":
            log.error("job %s of %s failed", basket["token"], basket["name"])
        case "log_queue":
            log.error("queue %s is full, %d waiting", basket["name"], basket["id"])
        case "log_formatted":
            log.error(
                f"cannot reach {basket['address']} for {basket['name_of_service']} after {basket['duration']}"
            )
        case "api_order":
            orders.load_order(basket)
        case "api_price":
            orders.load_price(basket)
        case "generator":
            list(rows.prices(basket))
        case "method":
            pricing.Rates(basket).factor
        case "ship_without_address":
            orders.ship({**basket, "address": ""})
        case "ship_without_lines":
            orders.ship({**basket, "lines": []})
        case "add_price":
            rows.add("free", "1")
        case "add_count":
            rows.add("1", "none")
        case "message_not_found":
            sentry_sdk.capture_message("partner answered 404")
        case "message_broken":
            sentry_sdk.capture_message("partner answered 503")


async def handle_async(action, basket):
    match action:
        case "discount_unknown_coupon":
            await orders.place_order_async({**basket, "coupon": "winter"})
        case "discount_without_percent":
            await orders.place_order_async({**basket, "coupon": "summer"})


ACTIONS = [
    "discount_unknown_coupon",
    "discount_without_percent",
    "discount_without_tiers",
    "order_without_customer",
    "refund_without_customer",
    "reserve",
    "cancel",
    "bad_price",
    "bad_date",
    "settings",
    "order_lines",
    "tax",
    "convert",
    "stock_unreachable",
    "stock_garbled",
    "categories",
    "parity",
    "warehouses",
    "warehouses_and_price",
    "warehouse_call",
    "mailer_call",
    "lock",
    "unlock",
    "without_trace",
    "without_trace_too",
    "message_paid",
    "message_address",
    "message_file",
    "log_job",
    "log_queue",
    "log_formatted",
    "api_order",
    "api_price",
    "generator",
    "method",
]
ASYNCHRONOUS_ACTIONS = ["discount_unknown_coupon", "discount_without_percent"]
# Where nothing that stays from release to release tells two bugs apart.
HARD_ACTIONS = [
    "ship_without_address",
    "ship_without_lines",
    "add_price",
    "add_count",
    "message_not_found",
    "message_broken",
]
