"""A program whose logging reaches Mesher: errors as events, what came before as breadcrumbs."""

import logging
import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["DSN"])
logging.basicConfig(level=logging.INFO)
log = logging.getLogger("shop.orders")
log.info("order 4711 arrived")
for order in (4711, 4712):
    log.error("order %s cannot be shipped", order)
