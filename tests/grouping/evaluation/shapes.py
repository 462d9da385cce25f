"""
Exceptions as PHP, Java and .NET tell them, in the shape in which their SDKs send them.

The SDKs themselves cannot be installed where this was recorded. What they add to a trace was read in
their sources (getsentry/sentry-php FrameBuilder, sentry-java SentryStackTraceFactory, sentry-dotnet
DebugStackTrace).
"""

from __future__ import annotations

import re
from typing import Any

_DOTNET_LIBRARY = ("System", "Microsoft", "Mono", "Runner")
_STATE_MACHINE = re.compile(
    r"(?P<type>.*)\+<(?P<method>\w+)>c__(?P<kind>async|Iterator)(?P<number>\d+)$"
)
_LAMBDA_CLASS = re.compile(r"(?P<type>.*)\+<(?P<method>\w+)>c__AnonStorey(?P<number>\d+)$")
_LAMBDA = re.compile(r"<(?P<method>\w*)>m__(?P<number>\d+)$")


def message_event(platform: str, message: str) -> dict[str, Any]:
    """A message without a stack trace."""
    return {"platform": platform, "message": message, "level": "info"}


def php_event(error: dict[str, Any], root: str, *, newest: bool) -> dict[str, Any]:
    """
    An exception of PHP.

    Args:
        error: type, value, file, line, trace and previous, as PHP gives them.
        root: the folder of the program, which the SDK strips of files.
        newest: closures are called as by PHP 8.4.
    """
    values = []
    told: dict[str, Any] | None = error
    while told:
        frames = []
        file, line = told["file"], told["line"]
        for call in told["trace"]:
            frames.append(_php_frame(file, line, call, root, newest=newest))
            file, line = call.get("file"), call.get("line")
        frames.append(_php_frame(file, line, {}, root, newest=newest))
        values.append({"type": told["type"], "value": told["value"], "stacktrace": {"frames": frames[::-1]},
                       "mechanism": {"type": "generic", "handled": True}})  # fmt: skip
        told = told["previous"]
    return {"platform": "php", "exception": {"values": values[::-1]}}


def _php_frame(
    file: str | None, line: int | None, call: dict[str, Any], root: str, *, newest: bool
) -> dict[str, Any]:
    function = call.get("function")
    if function and newest and function.endswith("{closure}"):
        function = f"{{closure:Shop\\views():{line or 0}}}"
    if "class" in call:
        name = re.sub(r"(?::\d+\$|0x)[a-fA-F0-9]+$", "", call["class"])
        function = f"{name}::{function}"
    frame = {"function": function, "filename": (file or "[internal]").removeprefix(root), "lineno": line or 0,
             "in_app": file is not None}  # fmt: skip
    return {**frame, "abs_path": file} if file else frame


def java_event(lines: list[list[str]], *, told: bool) -> dict[str, Any]:
    """
    An exception of Java, from ``exception`` and ``call`` lines.

    Args:
        lines: their fields; an exception's causes follow it.
        told: the SDK was told the application's package (``inAppIncludes``); else it says of libraries
            of Java alone whose they are.
    """
    values: list[dict[str, Any]] = []
    for fields in lines:
        if fields[0] == "exception":
            module, _, name = fields[1].rpartition(".")
            frames: list[dict[str, Any]] = []
            values.append({"type": name.rpartition("$")[2], "value": fields[2], "module": module,
                           "thread_id": 1, "stacktrace": {"frames": frames}})  # fmt: skip
            if fields[2] == "null":
                del values[-1]["value"]
        elif fields[0] == "call":
            _, class_name, method, file, line = fields
            frame: dict[str, Any] = {"module": class_name, "function": method, "filename": file}
            if int(line) >= 0:
                frame["lineno"] = int(line)
            if told and class_name.startswith("com.example."):
                frame["in_app"] = True
            elif class_name.startswith(("java.", "javax.", "sun.", "com.sun.", "jdk.")) and told:
                frame["in_app"] = False
            frames.insert(0, frame)
    return {"platform": "java", "exception": {"values": values[::-1]}}


def dotnet_event(lines: list[list[str]], *, enhanced: bool) -> dict[str, Any]:
    """
    An exception of .NET, from ``exception``, ``call``, ``cause`` and ``member`` lines.

    Args:
        lines: their fields. Names that Mono's compiler makes are given as Microsoft's makes them.
        enhanced: as with the SDK's ``StackTraceMode.Enhanced``: signatures instead of names.
    """
    values: list[dict[str, Any]] = []
    several = any(fields[0] == "member" for fields in lines)
    kind = "generic"
    for fields in lines:
        if fields[0] in {"cause", "member"}:
            kind = "chained"
        elif fields[0] == "exception":
            frames: list[dict[str, Any]] = []
            module = fields[1].rpartition(".")[0]
            number = len(values)
            mechanism: dict[str, Any] = {"type": kind, "handled": True, "exception_id": number}
            if number:
                mechanism["parent_id"] = 0 if several else number - 1
            elif several:
                mechanism["is_exception_group"] = True
            values.append({"type": fields[1], "value": fields[2], "module": module or None,
                           "mechanism": mechanism, "stacktrace": {"frames": frames}})  # fmt: skip
        elif fields[0] == "call":
            frames.insert(0, _dotnet_frame(*fields[1:], enhanced=enhanced))
    return {"platform": "csharp", "exception": {"values": values[::-1]}}


def _dotnet_frame(
    type_: str,
    method: str,
    parameters: str,
    returned: str,
    assembly: str,
    file: str,
    line: str,
    *,
    enhanced: bool,
) -> dict[str, Any]:
    module, function, asynchronous, inner = type_, method, "", ""
    if machine := _STATE_MACHINE.match(type_):
        kind = "async " if machine["kind"] == "async" else ""
        if enhanced:
            module, function, asynchronous = machine["type"], machine["method"], kind
            parameters, returned = "Basket basket", "Task" if kind else "IEnumerable<int>"
        elif kind:  # the SDK itself undoes these
            module, function = machine["type"], machine["method"]
        else:
            module = f"{machine['type']}+<{machine['method']}>d__{machine['number']}"
    elif found := _LAMBDA.match(method):
        closure = _LAMBDA_CLASS.match(type_)
        outer = closure["method"] if closure else found["method"]
        outer_type = closure["type"] if closure else type_
        if enhanced:
            module, function, inner = outer_type, outer, f"+({parameters}) => {{ }}"
            parameters, returned = "Basket basket", "void"
        else:
            module = (
                f"{outer_type}+<>c__DisplayClass{found['number']}_0"
                if closure
                else f"{outer_type}+<>c"
            )
            function = f"{outer} {{ <lambda> }}"
    module = re.sub(r"^(.+`[0-9]+)\[\[.*", r"\1", module)
    frame: dict[str, Any] = {
        "module": module,
        "function": function,
        "package": f"{assembly}, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null",
        "in_app": not module.startswith(_DOTNET_LIBRARY),
    }
    if enhanced:
        frame["function"] = (
            f"{asynchronous}{returned} {module.replace('+', '.')}.{function}({parameters}){inner}"
        )
        del frame["module"]
    if file:
        frame |= {"filename": file, "abs_path": file, "lineno": int(line)}
    return frame
