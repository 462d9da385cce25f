"""Sections 7.2 to 7.5: messages, exceptions, stack traces and threads."""

from __future__ import annotations

from typing import Any

from protocol.contract.table import Row, row, table

TRACE = {"frames": [{"function": "f"}]}


def exception(**attributes: Any) -> dict[str, Any]:
    return {"exception": [{"type": "T", **attributes}]}


def frame(**attributes: Any) -> dict[str, Any]:
    return {"stacktrace": {"frames": [{"function": "f", **attributes}]}}


def numbered(*numbers: tuple[int | None, int | None]) -> dict[str, Any]:
    """A group: of each exception its number, which is also its type, and its parent's."""
    return {
        "exception": [
            {"type": str(number), "mechanism": {"exception_id": number, "parent_id": parent}}
            for number, parent in numbers
        ]
    }


def types(*expected: str) -> dict[str, Any]:
    return {f"exception.{index}.type": name for index, name in enumerate(expected)}


@table(
    [
        row("a text is the formatted message", {"message": "m"}, {"logentry": {"formatted": "m"}}),
        row("a number is its JSON", {"message": 0}, {"logentry.formatted": "0"}),
        row("so is a list", {"logentry": ["a"]}, {"logentry.formatted": '["a"]'}),
        row(
            "and an object of other keys", {"logentry": {"a": 1}}, {"logentry.formatted": '{"a":1}'}
        ),
        row("false is no message", {"logentry": False}, {"logentry": None}),
        row("nor is nothing", {"logentry": ""}, {"logentry": None}),
        row(
            "parameters fill Python's templates",
            {"logentry": {"message": "%s of %d", "params": ["a", 2]}},
            {"logentry.formatted": "a of 2", "logentry.message": "%s of %d"},
        ),
        row(
            "by name too",
            {"logentry": {"message": "%(a)s", "params": {"a": "b"}}},
            {"logentry.formatted": "b"},
        ),
        row(
            "and those with braces",
            {"logentry": {"message": "{} {a}", "params": ["b"]}},
            {"logentry.formatted": "b {a}"},
        ),
        row(
            "by name",
            {"logentry": {"message": "{a}", "params": {"a": "b"}}},
            {"logentry.formatted": "b"},
        ),
        row(
            "where they do not fit, it stays a template",
            {"logentry": {"message": "%d", "params": ["a"]}},
            {"logentry.formatted": "%d", "logentry.message": None},
        ),
        row(
            "without parameters it is formatted",
            {"logentry": {"message": "m"}},
            {"logentry": {"formatted": "m"}},
        ),
        row(
            "one equal to the formatted is dropped",
            {"logentry": {"message": "m", "formatted": "m"}},
            {"logentry": {"formatted": "m"}},
        ),
        row(
            "of two messages logentry wins as a whole",
            {"logentry": {"formatted": "l"}, "message": {"message": "m", "params": [1]}},
            {"logentry": {"formatted": "l"}},
        ),
        row(
            "a message is cut",
            {"message": "x" * 8393},
            {"logentry.formatted": "x" * 8189 + "..."},
            "value_too_long logentry.formatted",
        ),
        row(
            "but not within the slack", {"message": "x" * 8392}, {"logentry.formatted": "x" * 8392}
        ),
    ]
)
def test_messages(row: Row):
    row.check()


@table(
    [
        row(
            "the oldest cause comes first",
            {"exception": [{"type": "A"}, {"type": "B"}]},
            types("A", "B"),
        ),
        row("a value of any kind is text", exception(value=7), {"exception.0.value": "7"}),
        row(
            "a type in front of the value is a type",
            {"exception": [{"value": "E: v"}]},
            {"exception.0.type": "E", "exception.0.value": "v"},
        ),
        row(
            "without type and value it is left out",
            {"exception": [{"module": "m"}]},
            {"exception": None},
            "missing_attribute exception.0.type",
        ),
        row(
            "unless it has a stack trace",
            {"exception": [{"stacktrace": TRACE}]},
            {"exception.0.stacktrace": TRACE},
        ),
        row(
            "a mechanism is generic",
            exception(mechanism={"handled": None}),
            {"exception.0.mechanism": {}, "tags.mechanism": "generic"},
        ),
        row(
            "whether it was handled is a tag",
            exception(mechanism={"type": "m", "handled": False}),
            {"tags.mechanism": "m", "tags.handled": "no"},
        ),
        row(
            "all of a mechanism is kept",
            exception(
                mechanism={
                    "type": "m",
                    "synthetic": True,
                    "description": "d",
                    "help_link": "h",
                    "source": "__cause__",
                    "data": {"a": 1},
                    "is_exception_group": True,
                    "exception_id": 0,
                }
            ),
            {
                "exception.0.mechanism": {
                    "type": "m",
                    "synthetic": True,
                    "description": "d",
                    "help_link": "h",
                    "source": "__cause__",
                    "data": {"a": 1},
                    "is_exception_group": True,
                    "exception_id": 0,
                }
            },
        ),
        row(
            "a signal is named by its system",
            {
                **exception(mechanism={"meta": {"signal": {"number": 10}}}),
                "contexts": {"os": {"name": "iOS"}},
            },
            {"exception.0.mechanism.meta.signal.name": "SIGBUS"},
        ),
        row(
            "on another differently",
            {
                **exception(mechanism={"meta": {"signal": {"number": 10}}}),
                "contexts": {"os": {"name": "Linux"}},
            },
            {"exception.0.mechanism.meta.signal.name": "SIGUSR1"},
        ),
        row(
            "that of the images counts too",
            {
                **exception(mechanism={"meta": {"signal": {"number": 10}}}),
                "debug_meta": {"sdk_info": {"sdk_name": "macOS"}},
            },
            {"exception.0.mechanism.meta.signal.name": "SIGBUS"},
        ),
        row(
            "on an unknown one only where all agree",
            exception(mechanism={"meta": {"signal": {"number": 11}}}),
            {"exception.0.mechanism.meta.signal.name": "SIGSEGV"},
        ),
        row(
            "and else not",
            exception(mechanism={"meta": {"signal": {"number": 10}}}),
            {"exception.0.mechanism.meta.signal": {"number": 10}},
        ),
        row(
            "its name is upper case",
            exception(mechanism={"meta": {"signal": {"number": 11, "name": "sigsegv"}}}),
            {"exception.0.mechanism.meta.signal.name": "SIGSEGV"},
        ),
        row(
            "a Mach exception has a name",
            exception(mechanism={"meta": {"mach_exception": {"exception": 1}}}),
            {"exception.0.mechanism.meta.mach_exception.name": "EXC_BAD_ACCESS"},
        ),
        row(
            "other errors stay as they are",
            exception(
                mechanism={
                    "meta": {
                        "ns_error": {"domain": "d", "code": 1},
                        "errno": {"number": 2},
                        "signal": 7,
                    }
                }
            ),
            {
                "exception.0.mechanism.meta": {
                    "ns_error": {"domain": "d", "code": 1},
                    "errno": {"number": 2},
                    "signal": 7,
                }
            },
        ),
        row(
            "the root of a group is last", numbered((2, 0), (1, 0), (0, None)), types("2", "1", "0")
        ),
        row(
            "where it is not, the numbers order them",
            numbered((0, None), (1, 0), (2, 1)),
            types("2", "1", "0"),
        ),
        row("unless they are no tree", numbered((0, None), (1, 0), (1, 0)), types("0", "1", "1")),
        row("or have two roots", numbered((0, None), (1, None), (2, 1)), types("0", "1", "2")),
        row("or miss a parent", numbered((0, None), (5, 4)), types("0", "5")),
        row("or lack a number", numbered((0, None), (None, 0), (2, 0)), types("0", "None", "2")),
        row(
            "a stack trace beside one exception is its",
            {**exception(stacktrace={"frames": [{"function": "g"}]}), "stacktrace": TRACE},
            {"stacktrace": None, "exception.0.stacktrace": TRACE},
        ),
        row(
            "also where one is left of several",
            {"exception": [{"module": "m"}, {"type": "T"}], "stacktrace": TRACE},
            {"stacktrace": None, "exception.0.stacktrace": TRACE},
            "missing_attribute exception.0.type",
        ),
        row(
            "beside two it stays",
            {"exception": [{"type": "A"}, {"type": "B"}], "stacktrace": TRACE},
            {"stacktrace": TRACE},
        ),
        row(
            "unprocessed frames are kept",
            exception(raw_stacktrace=TRACE),
            {"exception.0.raw_stacktrace": TRACE},
        ),
    ]
)
def test_exceptions(row: Row):
    row.check()


@table(
    [
        row(
            "a bare list is a stack trace",
            {"stacktrace": [{"function": "f"}]},
            {"stacktrace": TRACE},
        ),
        row("without frames it is none", {"stacktrace": {"frames": []}}, {"stacktrace": None}),
        row(
            "what it says of itself is kept",
            {
                "stacktrace": {
                    **TRACE,
                    "registers": {"rip": "0x1"},
                    "lang": "c",
                    "snapshot": True,
                    "instruction_addr_adjustment": "none",
                }
            },
            {
                "stacktrace.registers.rip": "0x1",
                "stacktrace.lang": "c",
                "stacktrace.snapshot": True,
                "stacktrace.instruction_addr_adjustment": "none",
            },
        ),
        row(
            "all of a native frame is kept",
            frame(
                raw_function="r",
                symbol="s",
                package="/lib/a",
                platform="native",
                instruction_addr="0x10",
                addr_mode="rel:0",
                symbol_addr="0x8",
                image_addr="0x0",
                function_id="0x3",
                trust="cfi",
                lang="c",
                stack_start=True,
            ),
            {
                "stacktrace.frames.0": {
                    "function": "f",
                    "raw_function": "r",
                    "symbol": "s",
                    "package": "/lib/a",
                    "platform": "native",
                    "instruction_addr": "0x10",
                    "addr_mode": "rel:0",
                    "symbol_addr": "0x8",
                    "image_addr": "0x0",
                    "function_id": "0x3",
                    "trust": "cfi",
                    "lang": "c",
                    "stack_start": True,
                }
            },
        ),
        row(
            "all of a managed one too",
            frame(
                module="m",
                lineno=0,
                colno=7,
                source_link="https://s",
                lock={"type": 1},
                data={"sourcemap": "a.map"},
                in_app=None,
            ),
            {
                "stacktrace.frames.0": {
                    "function": "f",
                    "module": "m",
                    "lineno": 0,
                    "colno": 7,
                    "source_link": "https://s",
                    "lock": {"type": 1},
                    "data": {"sourcemap": "a.map"},
                }
            },
        ),
        row(
            "a file name comes from the path",
            frame(abs_path="/a/b.py"),
            {"stacktrace.frames.0.filename": "/a/b.py"},
        ),
        row(
            "of a URL only the path",
            frame(abs_path="https://h/a.js?v=1"),
            {"stacktrace.frames.0.filename": "/a.js"},
        ),
        row(
            "a path comes from the file name",
            frame(filename="b.py"),
            {"stacktrace.frames.0.abs_path": "b.py"},
        ),
        row(
            "an unknown function is none",
            frame(function="?", symbol="?", lineno=1),
            {"stacktrace.frames.0": {"lineno": 1}},
        ),
        row(
            "lines around imply one between",
            frame(pre_context=["p"], context_line=None),
            {"stacktrace.frames.0.context_line": ""},
        ),
        row(
            "a negative line is none",
            frame(lineno=-1),
            {"stacktrace.frames.0.lineno": None},
            "invalid_data stacktrace.frames.0.lineno",
        ),
        row(
            "a list of locals is a map", frame(vars=["a"]), {"stacktrace.frames.0.vars": {"0": "a"}}
        ),
        row(
            "deep ones are text",
            frame(vars={"a": [[[[[1]]]]]}),
            {"stacktrace.frames.0.vars": {"a": [[[["[1]"]]]]}},
        ),
        row(
            "of many lines the nearest are kept",
            frame(
                context_line="c",
                pre_context=["far", *["p"] * 50],
                post_context=[*["q"] * 50, "far"],
            ),
            {
                "stacktrace.frames.0.pre_context": ["p"] * 50,
                "stacktrace.frames.0.post_context": ["q"] * 50,
            },
            "value_too_long stacktrace.frames.0.pre_context",
            "value_too_long stacktrace.frames.0.post_context",
        ),
        row(
            "frames left out by an SDK are kept in mind",
            {"stacktrace": {**TRACE, "frames_omitted": [1, 3]}},
            {"stacktrace.frames_omitted": [1, 3]},
        ),
        row(
            "of too many the oldest and newest stay",
            {"stacktrace": {"frames": [{"lineno": number} for number in range(260)]}},
            {
                "stacktrace.frames_omitted": [50, 60],
                "stacktrace.frames.49.lineno": 49,
                "stacktrace.frames.50.lineno": 60,
            },
            "value_too_long stacktrace.frames",
        ),
        row(
            "of many those in the middle lose their details",
            {"stacktrace": {"frames": [{"vars": {"a": 1}, "context_line": "c"}] * 51}},
            {
                "stacktrace.frames.24.vars": {"a": 1},
                "stacktrace.frames.25": {},
                "stacktrace.frames.26.context_line": "c",
            },
        ),
        row(
            "a template is a frame",
            {"template": {"filename": "a.html", "lineno": 1, "pre_context": ["p"]}},
            {
                "template": {
                    "filename": "a.html",
                    "abs_path": "a.html",
                    "lineno": 1,
                    "context_line": "",
                    "pre_context": ["p"],
                }
            },
        ),
    ]
)
def test_stack_traces(row: Row):
    row.check()


@table(
    [
        row(
            "all of a thread is kept",
            {
                "threads": [
                    {
                        "id": "1",
                        "name": "n",
                        "crashed": True,
                        "current": True,
                        "main": False,
                        "state": "RUNNABLE",
                        "stacktrace": TRACE,
                        "raw_stacktrace": TRACE,
                        "held_locks": {"0x1": {"type": 1}},
                    }
                ]
            },
            {
                "threads.0": {
                    "id": "1",
                    "name": "n",
                    "crashed": True,
                    "current": True,
                    "main": False,
                    "state": "RUNNABLE",
                    "stacktrace": TRACE,
                    "raw_stacktrace": TRACE,
                    "held_locks": {"0x1": {"type": 1}},
                }
            },
        ),
        row(
            "the raised exception has the stack trace of its thread",
            {
                **exception(thread_id=7),
                "threads": [{"id": 6, "stacktrace": TRACE}, {"id": 7, "stacktrace": TRACE}],
            },
            {
                "exception.0.stacktrace": TRACE,
                "threads.0.stacktrace": TRACE,
                "threads.1": {"id": 7},
            },
        ),
        row(
            "unless it has its own",
            {
                **exception(thread_id=7, stacktrace=TRACE),
                "threads": [{"id": 7, "stacktrace": {"frames": [{"function": "g"}]}}],
            },
            {"exception.0.stacktrace": TRACE, "threads.0.stacktrace.frames.0.function": "g"},
        ),
        row(
            "or the thread has none",
            {**exception(thread_id=7), "threads": [{"id": 7}]},
            {"exception.0.stacktrace": None},
        ),
    ]
)
def test_threads(row: Row):
    row.check()
