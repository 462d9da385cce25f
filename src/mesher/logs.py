"""
Logs: one line per thing that happened, to stderr, as text for people or as JSON for collectors.

An event's name is a constant in snake_case; what varies is in fields, with the unit in the name:
``log.info("batch_digested", events=12, duration_ms=3.1)``. Fields that every process carries:
``process`` (``web:0``). What other libraries log through ``logging`` goes the same way.

Secrets do not belong into fields. For the one that slips in, the last step masks fields by name and
passwords inside URLs.
"""

from __future__ import annotations

import logging
import re
import sys

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASKED = "[masked]"
# A field whose name contains one of these never shows its value.
SECRET_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "dsn",
    "api_key",
    "database_url",
)
_PASSWORD_IN_URL = re.compile(r"(://[^\s:/@]*:)[^\s@]+@")
# Links whose last part is a secret: whoever has it may use it.
_SECRET_PATH = re.compile(r"(/(?:invitations|reset)/)[\w-]{20,}")
# Loggers of libraries that announce at "info" what only their developers want to know.
_TALKATIVE = ("alembic", "httpx", "procrastinate", "uvicorn")


def configure_logging(*, level: str, log_format: str, process: str) -> None:
    """
    Send all logs of this process to stderr.

    Args:
        level: the least level that is shown: debug, info, warning, error.
        log_format: ``text`` (coloured on a terminal) or ``json``.
        process: which of Mesher's processes this is, a field of each line.
    """

    def add_process(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        # Not a context variable: threads begin without those.
        event["process"] = process
        return event

    every_line: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        add_process,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *every_line,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*every_line, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def mask_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Mask the values of fields that are named like secrets, and passwords and secrets inside URLs."""
    for name, value in event.items():
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = MASKED
        elif isinstance(value, str):
            without_passwords = _PASSWORD_IN_URL.sub(rf"\1{MASKED}@", value)
            event[name] = _SECRET_PATH.sub(rf"\1{MASKED}", without_passwords)
    return event


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "json":
        return [
            structlog.processors.format_exc_info,
            mask_secrets,
            structlog.processors.JSONRenderer(serializer=_to_json),
        ]
    # Plain: structlog's choice with Rich installed shows every local variable, secrets included.
    plain = structlog.dev.plain_traceback
    colours = sys.stderr.isatty()
    return [
        mask_secrets,
        structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain),
    ]


def _to_json(event: EventDict, **_: object) -> str:
    # Ids, paths and times are written as their text; a log line never fails.
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
