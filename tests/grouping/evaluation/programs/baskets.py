"""Data that differs from event to event."""

import random
import uuid

DATES = [
    "2026-11-25T10:11:12Z",
    "25.11.2026 10:11",
    "11/25/2026, 10:11:12 AM",
    "Wed, 25 Nov 2026 10:11:12 GMT",
    "Sat Feb 07 2026 08:09:10 GMT+0100 (Central European Standard Time)",
    "1764065472",
]
NUMBERS = [
    "1,234.56",
    "1.234,56",
    "1\u202f234,56",
    "1'234.56",
    "12",
    "0.5",
    "1e-05",
    "12,34,567.8",
    "1.234",
    "\u0661\u0662",
]
NAMES = ["imports", "mails", "thumbnails", "reports of April"]
DURATIONS = ["12 ms", "1.5 s", "250 ms", "3 s"]
PATHS = [
    "/srv/shop/data/orders-17.csv",
    "/opt/app/releases/20261125/data/orders-8.csv",
    "C:\\shop\\data\\orders-2026.csv",
    "/home/ann/orders-1.csv",
]
ADDRESSES = ["10.0.0.7", "192.168.178.20", "2001:db8::8a2e:370:7334", "172.16.254.1"]


def basket(seed):
    chance = random.Random(seed)
    return {
        "id": chance.choice([7, 42, 1234, 99999, 1234567, 12345678, 987654321012]),
        "uuid": str(uuid.UUID(int=chance.getrandbits(128))),
        "mail": chance.choice(["ann@example.com", "bob.b+x@mail.example.org"]),
        "token": "%032x" % chance.getrandbits(128),
        "at": chance.choice(DATES),
        "locale_number": NUMBERS[seed % len(NUMBERS)],
        "locale_price": chance.choice(["1.234,56", "12,50", "free"]),
        "address": ADDRESSES[seed % len(ADDRESSES)],
        "name": chance.choice(NAMES),
        "name_of_service": "search",
        "path": PATHS[seed % len(PATHS)],
        "duration": chance.choice(DURATIONS),
        "customer": "ann",
        "coupon": None,
        "date_text": chance.choice(["25.11.2026", "tomorrow", ""]),
        "lines": [{"id": seed, "price": 3, "count": 2, "count_of": 1}],
    }
