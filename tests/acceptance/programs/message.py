"""A program that reports messages, with a tag and a user."""

import os

import sentry_sdk

sentry_sdk.init(dsn=os.environ["DSN"])
sentry_sdk.set_user({"id": "17", "email": "ada@example.com"})
sentry_sdk.set_tag("region", "eu-west")
sentry_sdk.capture_message("the warehouse answers slowly", level="warning")
