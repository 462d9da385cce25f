"""Parameterisation: what differs between two occurrences gives way to its kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.grouping.message import MAX_CHARACTERS, parameterize

UUID = "123e4567-e89b-12d3-a456-426614174000"


@pytest.mark.parametrize(
    ("text", "grouped"),
    [
        # Addresses of people, pages and machines.
        ("no user bob.b+x@mail.example.com", "no user <email>"),
        ("GET https://a.example/b?c=1, failed", "GET <url>, failed"),
        ("see (redis://cache:6379/0).", "see (<url>)."),
        ("cannot resolve db-1.example.co.uk", "cannot resolve <hostname>"),
        ("CANNOT RESOLVE DB.EXAMPLE.COM", "CANNOT RESOLVE <hostname>"),
        ("user.name of shop.models.cart", "user.name of shop.models.cart"),
        ("cannot open report.py", "cannot open report.py"),
        ("connect 10.0.0.7:5432", "connect <ip>:<number>"),
        ("connect 300.0.0.7", "connect 300.0.0.7"),
        ("from 2001:db8::8a2e:370:7334 to ::1", "from <ip> to <ip>"),
        ("from 1:2:3:4:5:6:7:8", "from <ip>"),
        ("Foo::bar and a::b::c", "Foo::bar and a::b::c"),
        ("mac 00:1b:44:11:3a:b7 or 00-1B-44-11-3A-B7", "mac <mac_addr> or <mac_addr>"),
        ("mac 001b.4411.3ab7", "mac <mac_addr>"),
        # Identifiers.
        (f"order {UUID} is gone", "order <uuid> is gone"),
        ("trace 00-" + "a1" * 16 + "-" + "b2" * 8 + "-01", "trace <traceparent>"),
        ("trace 1-5759e988-bd862e3fe1be46a994272793", "trace <traceparent>"),
        ("commit " + "a1" * 20, "commit <sha1>"),
        ("sum " + "a1" * 16, "sum <md5>"),
        ("sum " + "a1" * 32, "sum <hex>"),
        ("commit 1a2b3c4", "commit <git_sha>"),
        ("object at 0x7f00deadbeef", "object at <hex>"),
        ("token ab12f or 12AB", "token <hex> or <hex>"),
        ("order 12345678", "order <number>"),
        ("the facade decade deadbeef", "the facade decade deadbeef"),
        ("tx" + "0a1" * 7 + "-0123456789 failed", "<swift_txn_id> failed"),
        ("charge cus_NffR9KqzP2LmXw4v", "charge cus_<random_id>"),
        ("getUserById2FromCache failed", "getUserById2FromCache failed"),
        ("pod shop-7d9f8b6c5d-x2x4z", "pod shop-<multi_part_random_id>"),
        ("open /srv/shop/data/a-7.csv", "open <path>a-<number>.csv"),
        (r"open C:\shop\data\a-7.csv", "open <path>a-<number>.csv"),
        ("GET /orders/7 gave 404", "GET /orders/<number> gave <number>"),
        # Times.
        ("at 25.11.2026, 15:34", "at <date>"),
        ("at 11/25/2026, 3:34:00 PM or 2026/11/25", "at <date> or <date>"),
        ("am 25. November 2026 und 25 nov. 2026", "am <date> und <date>"),
        ("el 25 de noviembre de 2026", "el <date>"),
        ("at 2026-11-24T15:34:00.123Z", "at <date>"),
        ("at 2026-11-24 15:34:00 +0100 or 2026-11-24", "at <date> or <date>"),
        ("at 20261124T153400Z", "at <date>"),
        ("at Tue, 24 Nov 2026 15:34:00 GMT", "at <date>"),
        ("at Tuesday, 24-Nov-26 15:34:00 UTC", "at <date>"),
        ("at Tue Nov 24 2026 15:34:00 GMT+0000 (Coordinated Universal Time)", "at <date>"),
        ("at Tue Nov 24 15:34:00 2026", "at <date>"),
        ("at Jan 02, 1999 or 2 January 1999", "at <date> or <date>"),
        ("at 3:04PM or 15:34:00.5", "at <date> or <date>"),
        ("at datetime.datetime(2026, 11, 24, 15, 34)", "at <date>"),
        ("Monday is not a date", "Monday is not a date"),
        ("took 1.5s or 123ms", "took <duration> or <duration>"),
        ("took 2h45m, 1m30.5s and 3 minutes", "took <duration>, <duration> and <duration>"),
        ("sent 1.5 MB of 900kB", "sent <size> of <size>"),
        # Numbers.
        ("1,234.56 or 1.234,56 or 1'234.56", "<number> or <number> or <number>"),
        ("1\u202f234,56 or 12,34,567.8", "<number> or <number>"),
        ("1,234 or 1.234 or 1234", "<number> or <number> or <number>"),
        ("0,5 or 1e-05 or \u0661\u0662", "<number> or <number> or <number>"),
        ("12,34,567 or \u22125", "<number> or <number>"),
        ("timeout after 31 s", "timeout after <duration>"),
        ("line 5 column -7", "line <number> column <number>"),
        ("user_123 of abc-12", "user_<number> of abc-<number>"),
        ("ratio 0.75 or -1.5", "ratio <number> or <number>"),
        ("needs 1.2.3, has v2.0.1", "needs 1.2.3, has v2.0.1"),
        ("HTTP/1.1-8080", "HTTP/<number>-<number>"),
        ("utf8 and x86", "utf8 and x86"),
        # Values of keys.
        ("Error key1='x' key2=12 key3=False", "Error key1=<quoted_str> key2=<number> key3=<bool>"),
        ('a="b c" d=true', "a=<quoted_str> d=<bool>"),
        ("'x' is not True", "'x' is not True"),
        # What stays.
        ("User %s failed: %d", "User %s failed: %d"),
        ("Größe ungültig: 数量", "Größe ungültig: 数量"),
        ("", ""),
    ],
)
def test_values_give_way_to_their_kind(text, grouped):
    assert parameterize(text) == grouped


@pytest.mark.parametrize(
    ("text", "grouped", "why"),
    [
        ("one\ntwo", "one\ntwo", "two lines stay"),
        ("\n\n one\n\n two \n", "one\ntwo", "blank ones do not count"),
        ("one\ntwo\nthree", "one\ntwo...", "what follows does not count"),
        ("word " * 500, "word " * 203 + "word...", "nor what stands far behind"),
        ("x" * 2000, "x" * MAX_CHARACTERS + "...", "in a text without any blank"),
    ],
)
def test_only_the_beginning_counts(text, grouped, why):
    assert parameterize(text) == grouped, why


@given(st.text(), st.text(), st.integers(0, 10**7 - 1), st.integers(0, 10**7 - 1))
def test_two_messages_that_differ_in_a_number_are_the_same(before, after, one, other):
    def message(number: int) -> str:
        return f"{before} {number} {after}"

    assert parameterize(message(one)) == parameterize(message(other))


EVIL = ["a", "0", "a.", "0:", "a@", "1-", "ab:", "::", "='", "http://", "12 Jan ", "Mon ", "1.1.",
        "0 ", "=", "_0", "a+", "datetime.datetime(", "0x", "1:1", "Tue, 1 Jan 11 1:11 ", "f" * 129,
        "-", "tx", "a-", "/a", "/a.", "\\a", "C:\\", "1,234", "1,23,", "1'", "1h", "1 ", "1 a", "a1", "aA1", "1 de ",
        "1e", "1.e1", "b2", "0/", "1 Jan 20", "\u00b5s", "1s"]  # fmt: skip


@pytest.mark.parametrize("piece", EVIL)
def test_a_pattern_that_doubles_its_work_with_each_character_would_never_end(piece):
    assert parameterize(piece * (10_000 // len(piece)) + "!")
