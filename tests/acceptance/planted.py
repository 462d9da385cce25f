"""
Two hundred made-up secrets in events as SDKs send them: by their own form in every place for text,
and without any form of their own under the names that give them away.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fake_secrets import BY_FORM, basic_credentials, letters

COUNT = 200
# What is looked for: no piece of this length of a secret may be left.
PIECE_CHARACTERS = 12

Place = Callable[[str], dict[str, Any]]


class Planted(NamedTuple):
    """One secret in one event."""

    number: int
    secret: str
    where: str
    event: dict[str, Any]

    @property
    def marker(self) -> str:
        """Harmless text in the same event, which must be kept."""
        return f"kept-marker-{self.number:04}"


def _frame(**attributes: Any) -> dict[str, Any]:
    frame = {
        "function": "pay",
        "filename": "shop/pay.py",
        "lineno": 7,
        "in_app": True,
        **attributes,
    }
    return {
        "exception": {
            "values": [{"type": "PayError", "value": "x", "stacktrace": {"frames": [frame]}}]
        }
    }


def _request(**attributes: Any) -> dict[str, Any]:
    return {"request": {"url": "https://shop.example/pay", "method": "POST", **attributes}}


def _crumb(**attributes: Any) -> dict[str, Any]:
    return {"breadcrumbs": {"values": [{"timestamp": 1_795_534_440, **attributes}]}}


# Where a text may stand. The text says nothing of what is in it.
TEXTS: dict[str, Place] = {
    "message": lambda s: {"message": f"cannot use {s} here"},
    "template": lambda s: {"logentry": {"message": "cannot use %s here", "params": [s]}},
    "exception": lambda s: {"exception": {"values": [{"type": "E", "value": f"refused: {s}"}]}},
    "breadcrumb": lambda s: _crumb(message=f"GET {s} 200"),
    "breadcrumb data": lambda s: _crumb(type="http", data={"url": f"https://x.example/{s}"}),
    "extra": lambda s: {"extra": {"note": s, "list": [1, [s]]}},
    "context": lambda s: {"contexts": {"order": {"type": "order", "note": {"deep": [s]}}}},
    "tag": lambda s: {"tags": {"note": f"v {s}"}},
    "header": lambda s: _request(headers={"Referer": f"https://x.example/{s}"}),
    "url": lambda s: _request(url=f"https://shop.example/p/{s}/x"),
    "body": lambda s: _request(data={"note": s}),
    "body text": lambda s: _request(data=json.dumps({"a": {"note": s}})),
    "environ": lambda s: _request(env={"SERVER_NOTE": s}),
    "local": lambda s: _frame(vars={"note": repr(s), "nested": {"list": [repr({"n": s})]}}),
    "line of code": lambda s: _frame(context_line=f'  use("{s}")', pre_context=[f"# {s}"]),
    "user": lambda s: {"user": {"id": "7", "note": s}},
    "thread": lambda s: {
        "message": "hang",
        "threads": {
            "values": [
                {"id": 1, "name": "main", "stacktrace": {"frames": [{"function": "f", "vars": {"v": s}}]}}
            ]
        },
    },
    "transaction": lambda s: {"transaction": f"/x/{s}", "message": "slow"},
    "fingerprint": lambda s: {"fingerprint": ["group", s], "message": "own group"},
    "mechanism": lambda s: {
        "exception": [{"type": "E", "value": "v", "mechanism": {"type": "m", "data": {"note": s}}}]
    },
}  # fmt: skip

# Where a name gives away what has no form.
NAMED: dict[str, Place] = {
    "message k=v": lambda s: {"message": f"login failed: user=ada password={s}"},
    "message k: v": lambda s: {"message": f"sent api_key: {s}"},
    "exception dict": lambda s: {"exception": [{"type": "E", "value": f"bad {{'secret': '{s}'}}"}]},
    "exception json": lambda s: {"exception": [{"type": "E", "value": json.dumps({"client_secret": s})}]},
    "params": lambda s: {"logentry": {"message": "%(password)s", "params": {"password": s}}},
    "local": lambda s: _frame(vars={"password": repr(s)}),
    "local dict": lambda s: _frame(vars={"config": {"db": {"passwd": repr(s), "port": "5432"}}}),
    "local repr": lambda s: _frame(vars={"config": repr({"n": 1, "api_key": s})}),
    "local bytes": lambda s: _frame(vars={"body": repr(json.dumps({"card": {"cvc": s}}).encode())}),
    "local headers": lambda s: _frame(vars={"scope": repr({"headers": [(b"cookie", s.encode())]})}),
    "local pairs": lambda s: _frame(vars={"headers": [["b'authorization'", f"b'Token {s}'"]]}),
    "local auth tuple": lambda s: _frame(vars={"kwargs": repr({"auth": ("ada", s)})}),
    "local object": lambda s: _frame(vars={"user": f"User(name='ada', password='{s}')"}),
    "code": lambda s: _frame(context_line=f'password = "{s}"'),
    "code around": lambda s: _frame(pre_context=["x = 1", f"SECRET_KEY = '{s}'"], context_line="y"),
    "extra": lambda s: {"extra": {"stripeToken": s}},
    "extra deep": lambda s: {"extra": {"a": {"b": [{"private_key": s}]}}},
    "extra container": lambda s: {"extra": {"credentials": {"user": "ada", "parts": [s]}}},
    "extra argv": lambda s: {"extra": {"sys.argv": ["pay.py", "--password", s, "-v"]}},
    "extra option": lambda s: {"extra": {"sys.argv": ["pay.py", f"--token={s}"]}},
    "extra names and values": lambda s: {"extra": {"env": [{"name": "DB_PASSWORD", "value": s}]}},
    "extra xml": lambda s: {"extra": {"soap": f"<a><Password>{s}</Password></a>"}},
    "extra connection string": lambda s: {"extra": {"dsn": f"Server=db;Uid=sa;Pwd={s};Port=1"}},
    "context": lambda s: {"contexts": {"gateway": {"type": "gateway", "access_token": s}}},
    "tag": lambda s: {"tags": {"session_id": s}},
    "tag pairs": lambda s: {"tags": [["api_key", s], ["a", "b"]]},
    "user": lambda s: {"user": {"id": "7", "session": s}},
    "user data": lambda s: {"user": {"id": "7", "data": {"refresh_token": s}}},
    "breadcrumb data": lambda s: _crumb(data={"headers": {"X-Api-Key": s}}),
    "breadcrumb query": lambda s: _crumb(message=f"GET /login?token={s}&x=1"),
    "breadcrumb url": lambda s: _crumb(data={"url": f"https://ada:{s}@x.example/"}),
    "authorization": lambda s: _request(headers={"Authorization": f"Bearer {s}"}),
    "basic": lambda s: _request(headers=[["authorization", f"Basic {s}"]]),
    "proxy": lambda s: _request(headers={"Proxy-Authorization": f"Digest response={s}"}),
    "cookie header": lambda s: _request(headers={"Cookie": f"sid={s}; theme=x"}),
    "set-cookie": lambda s: _request(headers=[["Set-Cookie", f"sid={s}; Path=/; HttpOnly"]]),
    "csrf header": lambda s: _request(headers={"X-CSRFToken": s}),
    "php header": lambda s: _request(headers={"X-Api-Key": [s]}),
    "cookies text": lambda s: _request(cookies=f"a=b; sessionid={s}"),
    "cookies map": lambda s: _request(cookies={"PHPSESSID": s}),
    "cookies pairs": lambda s: _request(cookies=[["anything", s]]),
    "query text": lambda s: _request(query_string=f"a=1&access_token={s}"),
    "query map": lambda s: _request(query_string={"password": s}),
    "query pairs": lambda s: _request(query_string=[["token", s]]),
    "query in url": lambda s: _request(url=f"https://shop.example/pay?a=1&sig={s}#x"),
    "fragment": lambda s: _request(url=f"https://shop.example/pay#id_token={s}"),
    "url": lambda s: _request(url=f"https://ada:{s}@shop.example/pay"),
    "body map": lambda s: _request(data={"user": {"password": s}}),
    "body json": lambda s: _request(data=json.dumps({"card_number": s})),
    "body form": lambda s: _request(data=f"user=ada&user%5Bpassword%5D={s}&x=1"),
    "body nested json": lambda s: _request(data={"raw": json.dumps({"in": json.dumps({"pin": s})})}),
    "body cut": lambda s: _request(data=json.dumps({"password": s})[:-2]),
    "environ": lambda s: _request(env={"DATABASE_PASSWORD": s}),
    "environ header": lambda s: _request(env={"HTTP_AUTHORIZATION": f"Bearer {s}"}),
    "thread": lambda s: {
        "message": "hang", "threads": [{"id": 1, "stacktrace": {"frames": [{"vars": {"otp": s}}]}}]
    },
    "mechanism": lambda s: {
        "exception": [{"type": "E", "mechanism": {"type": "m", "data": {"secret": s}}, "value": "v"}]
    },
    "transaction": lambda s: {"transaction": f"/reset?token={s}", "message": "slow"},
    "culprit": lambda s: {"culprit": f"reset(token={s})", "message": "old client"},
    "logger": lambda s: {"logger": "app", "message": f"Set-Cookie: sid={s}; Path=/"},
    "old names": lambda s: {"sentry.interfaces.Http": {"url": "https://x", "cookies": f"sid={s}"}},
    "invalid tag": lambda s: {"tags": {"password": f"{s}\nx"}, "message": "dropped tag"},
    "sdk error": lambda s: {"errors": [{"type": "x", "name": "a", "value": f"token={s}"}], "message": "m"},
}  # fmt: skip


def planted() -> list[Planted]:
    """The same in every run, each secret in an event of its own with its marker."""
    found: list[Planted] = []
    for number, (where, secret, place) in enumerate(_placed()):
        event = place(secret)
        event.setdefault("extra", {})["marker"] = f"kept-marker-{number:04}"
        event["event_id"] = uuid.UUID(int=0xFEED0000 + number).hex
        event["platform"] = "python"
        found.append(Planted(number, secret, where, event))
    assert len(found) == COUNT
    return found


def pieces_of(all_planted: list[Planted]) -> dict[str, str]:
    """Every piece that is of one secret alone, and where that secret was planted."""
    where: dict[str, str] = {}
    times: Counter[str] = Counter()
    for one in all_planted:
        text = one.secret
        begins = range(0, max(1, len(text) - PIECE_CHARACTERS + 1), PIECE_CHARACTERS // 2)
        pieces = {text[begin : begin + PIECE_CHARACTERS] for begin in begins}
        pieces.add(text[-PIECE_CHARACTERS:])
        times.update(pieces)
        where |= dict.fromkeys(pieces, f"{one.number}: {one.where}")
    return {piece: where[piece] for piece, count in times.items() if count == 1}


def _placed() -> Iterator[tuple[str, str, Place]]:
    number = 0
    for name, place in NAMED.items():
        number += 1
        secret = basic_credentials(number) if name == "basic" else letters(number, 24)
        yield f"named, {name}", secret, place
    places = list(TEXTS.items())
    kinds = list(BY_FORM.items())
    while number < COUNT:
        kind, make = kinds[number % len(kinds)]
        # The two lists have lengths without a common divisor or nearly so: other pairs each time.
        name, place = places[(number * 7 + number // len(kinds)) % len(places)]
        if kind == "private key" and name == "tag":
            name, place = "message", TEXTS["message"]  # tags have one line
        number += 1
        yield f"{kind}, {name}", make(number), place
