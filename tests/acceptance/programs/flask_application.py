"""A Flask application with a view that fails, called once through its own test client."""

import os

import sentry_sdk
from flask import Flask
from sentry_sdk.integrations.flask import FlaskIntegration

sentry_sdk.init(dsn=os.environ["DSN"], integrations=[FlaskIntegration()])
app = Flask(__name__)


@app.get("/articles/<int:number>")
def show_article(number: int) -> str:
    """Look up an article that is not there."""
    return ["umbrella"][number]


app.test_client().get("/articles/7?currency=EUR", headers={"User-Agent": "acceptance/1.0"})
