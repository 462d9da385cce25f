"""Sections 7 and 7.1: leniencies used all over, and the attributes at the top."""

from __future__ import annotations

from protocol.contract.table import ID, RECEIVED_AT, Row, row, table

LONG = "x" * 300
CUT = "x" * 197 + "..."


@table(
    [
        row("all attributes are optional", {}, {"platform": None, "level": None, "errors": None}),
        row(
            "null is absent", dict.fromkeys(["level", "tags", "exception", "user"]), {"user": None}
        ),
        row(
            "an unknown attribute is ignored",
            {"spans": [], "project": 1, "hashes": ["a"]},
            {"spans": None},
        ),
        row(
            "a wrong type costs the attribute and a note, not the event",
            {"extra": 7, "message": "kept"},
            {"extra": None, "logentry.formatted": "kept"},
            "invalid_data extra",
        ),
        row(
            "a values list is an object of values",
            {"exception": {"values": [{"type": "T"}]}},
            {"exception.0.type": "T"},
        ),
        row("or a bare list", {"exception": [{"type": "T"}]}, {"exception.0.type": "T"}),
        row("or one object", {"threads": {"id": 1}}, {"threads.0.id": 1}),
        row(
            "with null elements",
            {"breadcrumbs": [None, {"message": "m"}]},
            {"breadcrumbs.0.message": "m", "breadcrumbs.1": None},
        ),
        row("and nothing else", {"exception": "T"}, {"exception": None}, "invalid_data exception"),
        row("a boolean is a text as Python writes it", {"release": True}, {"release": "True"}),
        row("an integer is its digits", {"user": {"id": 7}}, {"user.id": "7"}),
        row("a float is its integer part", {"fingerprint": [1.9]}, {"fingerprint": ["1"]}),
        row(
            "a list is no text",
            {"server_name": []},
            {"server_name": None},
            "invalid_data server_name",
        ),
        row(
            "a value that is no text is its JSON",
            {"exception": [{"type": "T", "value": {"a": [1]}}]},
            {"exception.0.value": '{"a":[1]}'},
        ),
        row("pairs are a map", {"tags": {"a": "b"}}, {"tags.a": "b"}),
        row("or a list of pairs", {"tags": [["a", "b"], None]}, {"tags.a": "b"}),
        row(
            "or a text where that makes sense",
            {"request": {"query_string": "a=b"}},
            {"request.query_string": [["a", "b"]]},
        ),
        row(
            "a number as text is no number",
            {
                "exception": [
                    {"type": "T", "stacktrace": {"frames": [{"function": "f", "lineno": "7"}]}}
                ]
            },
            {"exception.0.stacktrace.frames.0.lineno": None},
            "invalid_data exception.0.stacktrace.frames.0.lineno",
        ),
        row(
            "except as an address",
            {"stacktrace": {"frames": [{"instruction_addr": "31"}]}},
            {"stacktrace.frames.0.instruction_addr": "0x1f"},
        ),
        row(
            "which may be a number",
            {"stacktrace": {"frames": [{"instruction_addr": 31}]}},
            {"stacktrace.frames.0.instruction_addr": "0x1f"},
        ),
        row(
            "or hexadecimal",
            {"stacktrace": {"frames": [{"instruction_addr": "0x1F"}]}},
            {"stacktrace.frames.0.instruction_addr": "0x1f"},
        ),
        row(
            "the first name that is not null wins",
            {"logentry": None, "message": "m"},
            {"logentry.formatted": "m"},
        ),
        row(
            "names of old protocols are understood",
            {"sentry.interfaces.Http": {"method": "get"}},
            {"request.method": "GET"},
        ),
        row(
            "those of debug images too",
            {"sentry.interfaces.DebugMeta": {"images": [{"type": "jvm", "debug_id": ID}]}},
            {"debug_meta.images.0.type": "jvm"},
        ),
        row("interfaces of protocol 1 are ignored", {"interfaces": {"a": 1}}, {"interfaces": None}),
    ]
)
def test_leniencies(row: Row):
    row.check()


@table(
    [
        row(
            "RFC 3339 in UTC",
            {"timestamp": "2026-11-24T15:33:00Z"},
            {"timestamp": RECEIVED_AT - 60},
        ),
        row(
            "with an offset",
            {"timestamp": "2026-11-24T16:33:00+01:00"},
            {"timestamp": RECEIVED_AT - 60},
        ),
        row(
            "without one, which is UTC",
            {"timestamp": "2026-11-24T15:33:00"},
            {"timestamp": RECEIVED_AT - 60},
        ),
        row(
            "with nine digits of fraction",
            {"timestamp": "2026-11-24T15:33:00.500000000Z"},
            {"timestamp": RECEIVED_AT - 59.5},
        ),
        row("integer seconds", {"timestamp": 1_795_534_380}, {"timestamp": RECEIVED_AT - 60}),
        row(
            "seconds with a fraction",
            {"timestamp": 1_795_534_380.5},
            {"timestamp": RECEIVED_AT - 59.5},
        ),
        row(
            "a number as text is none",
            {"timestamp": "1795534380"},
            {"timestamp": RECEIVED_AT},
            "invalid_data timestamp",
        ),
        row(
            "milliseconds are not guessed at",
            {"timestamp": 1_795_534_380_000},
            {"timestamp": RECEIVED_AT},
            "invalid_data timestamp",
        ),
        row(
            "a negative time is none",
            {"timestamp": -1},
            {"timestamp": RECEIVED_AT},
            "invalid_data timestamp",
        ),
        row("no time is that of receipt", {}, {"timestamp": RECEIVED_AT}),
    ]
)
def test_timestamps(row: Row):
    row.check()


@table(
    [
        row(
            "an id in any form is overridden by that of the envelope",
            {"event_id": "A" * 32},
            {"event_id": ID},
        ),
        row(
            "one that is none is noted",
            {"event_id": "x"},
            {"event_id": ID},
            "invalid_data event_id",
        ),
        row(
            "so is the nil uuid", {"event_id": "0" * 32}, {"event_id": ID}, "invalid_data event_id"
        ),
        row(
            "the start is a transaction's alone", {"start_timestamp": 1}, {"start_timestamp": None}
        ),
        row("a platform of the protocol stays", {"platform": "csharp"}, {"platform": "csharp"}),
        row(
            "another one is other, and a tag",
            {"platform": "dart"},
            {"platform": None, "tags.platform": "dart"},
        ),
        row("levels have names", {"level": "fatal"}, {"level": "fatal"}),
        row("log is info", {"level": "log"}, {"level": "info"}),
        row("critical is fatal", {"level": "critical"}, {"level": "fatal"}),
        row("levels have Python's numbers", {"level": 10}, {"level": "debug"}),
        row(
            "warn is none, so error",
            {"level": "warn"},
            {"tags.level": "error"},
            "invalid_data level",
        ),
        row("a transaction is info", {"type": "transaction"}, {"level": "info"}),
        row(
            "an exception makes it an error",
            {"type": "default", "exception": [{"type": "T"}]},
            {"type": "error"},
        ),
        row("a declared error without one is none", {"type": "error"}, {"type": None}),
        row("feedback says itself what it is", {"type": "feedback"}, {"type": "feedback"}),
        row("a logger is trimmed", {"logger": " a "}, {"logger": "a"}),
        row("an empty one is dropped", {"logger": " "}, {"logger": None}),
        row(
            "a long one is shortened from the left",
            {"logger": "com.example." + "x" * 55 + ".Log"},
            {"logger": "c.e." + "x" * 55 + ".Log"},
        ),
        row(
            "a transaction is cut",
            {"transaction": LONG},
            {"transaction": CUT},
            "value_too_long transaction",
        ),
        row("and a tag", {"transaction": "/a"}, {"tags.transaction": "/a"}),
        row(
            "where it came from is kept",
            {"transaction_info": {"source": "route"}},
            {"transaction_info.source": "route"},
        ),
        row("a culprit is cut", {"culprit": LONG}, {"culprit": CUT}, "value_too_long culprit"),
        row(
            "a server's name is a tag",
            {"server_name": "s"},
            {"server_name": "s", "tags.server_name": "s"},
        ),
        row("so is a site", {"site": "s"}, {"site": "s", "tags.site": "s"}),
        row(
            "a release is trimmed", {"release": " a@1 "}, {"release": "a@1", "tags.release": "a@1"}
        ),
        row("and cut", {"release": LONG}, {"release": CUT}, "value_too_long release"),
        *(
            row(
                f"{text!r} is no release",
                {"release": text},
                {"release": None},
                "invalid_data release",
            )
            for text in (".", "..", "LATEST", "a/b", "a\\b", "a\tb", "a\nb", "a\x01b")
        ),
        row(
            "a dist tells builds of a release apart",
            {"release": "r", "dist": " 1.0_a-b "},
            {"dist": "1.0_a-b", "tags.dist": "1.0_a-b"},
        ),
        row("without a release it is no tag", {"dist": "1"}, {"dist": "1", "tags.dist": None}),
        row(
            "with other characters it is dropped",
            {"dist": "a b"},
            {"dist": None},
            "invalid_data dist",
        ),
        row(
            "too long it is dropped, not cut",
            {"dist": "x" * 65},
            {"dist": None},
            "invalid_data dist",
        ),
        row(
            "an environment is cut",
            {"environment": LONG},
            {"environment": "x" * 61 + "..."},
            "value_too_long environment",
        ),
        row(
            "none is none",
            {"environment": "None"},
            {"environment": None},
            "invalid_data environment",
        ),
        row(
            "a tag fills it",
            {"tags": {"environment": "e"}},
            {"environment": "e", "tags.environment": "e"},
        ),
        row(
            "modules are versions by name",
            {"modules": {"a": "1", "b": None, "c": 2}},
            {"modules": {"a": "1", "b": None, "c": "2"}},
        ),
        row(
            "a fingerprint is a list of texts",
            {"fingerprint": ["a", 1, None]},
            {"fingerprint": ["a", "1"]},
        ),
        row(
            "a text is no fingerprint",
            {"fingerprint": "a"},
            {"fingerprint": None},
            "invalid_data fingerprint",
        ),
        row(
            "too many parts are cut",
            {"fingerprint": ["a"] * 33},
            {"fingerprint.32": None},
            "value_too_long fingerprint",
        ),
        row("a checksum is kept", {"checksum": "abc"}, {"checksum": "abc"}),
        row(
            "and cut",
            {"checksum": "x" * 129},
            {"checksum": "x" * 125 + "..."},
            "value_too_long checksum",
        ),
        row(
            "an SDK names itself and its parts",
            {
                "sdk": {
                    "name": "n",
                    "version": 1,
                    "integrations": ["i"],
                    "packages": [{"name": "p", "version": "1"}],
                    "features": ["f"],
                    "settings": {"infer_ip": "never"},
                }
            },
            {
                "sdk": {
                    "name": "n",
                    "version": "1",
                    "integrations": ["i"],
                    "packages": [{"name": "p", "version": "1"}],
                    "features": ["f"],
                    "settings": {"infer_ip": "never"},
                }
            },
        ),
        row(
            "or in the credentials",
            {},
            {"sdk": {"name": "raven", "version": "6"}},
            client="raven/6",
        ),
        row("or under its old name", {"client_sdk": {"name": "n"}}, {"sdk.name": "n"}),
        row(
            "what an SDK found wrong is kept",
            {"errors": [{"type": "t", "name": "n", "value": 1}]},
            {"errors.0.value": 1},
            "t n",
        ),
        row(
            "what it cut or removed itself is kept as it says it",
            {"_meta": {"message": {"": {"len": 9000, "rem": [["!limit", "x", 1, 2]]}}}},
            {"_meta": {"message": {"": {"len": 9000, "rem": [["!limit", "x", 1, 2]]}}}},
        ),
        row(
            "too much of that is dropped",
            {"_meta": {"a": {"": {"len": 1}, "b": "x" * 17_000}}},
            {"_meta": None},
            "value_too_long _meta",
        ),
        row("an empty one says nothing", {"_meta": []}, {"_meta": None}),
        row("as is what is no tree", {"_meta": "a"}, {"_meta": None}, "invalid_data _meta"),
    ]
)
def test_attributes(row: Row):
    row.check()
