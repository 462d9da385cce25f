"""
Names of signals and of Mach exceptions, where a native client sends their numbers alone.

Systems number signals differently: the tables are those of Linux on x86 and ARM (signal(7)) and of
Darwin (``sys/signal.h``, ``mach/exception_types.h``).
"""

from __future__ import annotations

from typing import Any

from mesher.protocol.event import Event

_COMMON = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 8: "SIGFPE",
    9: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 21: "SIGTTIN",
    22: "SIGTTOU", 24: "SIGXCPU", 25: "SIGXFSZ", 26: "SIGVTALRM", 27: "SIGPROF", 28: "SIGWINCH",
}  # fmt: skip
_LINUX = _COMMON | {
    7: "SIGBUS", 10: "SIGUSR1", 12: "SIGUSR2", 16: "SIGSTKFLT", 17: "SIGCHLD", 18: "SIGCONT",
    19: "SIGSTOP", 20: "SIGTSTP", 23: "SIGURG", 29: "SIGIO", 30: "SIGPWR", 31: "SIGSYS",
}  # fmt: skip
_DARWIN = _COMMON | {
    7: "SIGEMT", 10: "SIGBUS", 12: "SIGSYS", 16: "SIGURG", 17: "SIGSTOP", 18: "SIGTSTP",
    19: "SIGCONT", 20: "SIGCHLD", 23: "SIGIO", 29: "SIGINFO", 30: "SIGUSR1", 31: "SIGUSR2",
}  # fmt: skip
_MACH = {
    1: "EXC_BAD_ACCESS", 2: "EXC_BAD_INSTRUCTION", 3: "EXC_ARITHMETIC", 4: "EXC_EMULATION",
    5: "EXC_SOFTWARE", 6: "EXC_BREAKPOINT", 7: "EXC_SYSCALL", 8: "EXC_MACH_SYSCALL",
    9: "EXC_RPC_ALERT", 10: "EXC_CRASH", 11: "EXC_RESOURCE", 12: "EXC_GUARD",
    13: "EXC_CORPSE_NOTIFY",
}  # fmt: skip
_SYSTEMS = {
    "linux": _LINUX, "android": _LINUX, "macos": _DARWIN, "mac os x": _DARWIN, "ios": _DARWIN,
    "ipados": _DARWIN, "tvos": _DARWIN, "watchos": _DARWIN, "visionos": _DARWIN,
}  # fmt: skip


def name_signals(event: Event) -> None:
    """Fill the names in that the mechanisms of an event lack, by the system that it ran on."""
    for exception in event.exception:
        meta = exception.mechanism.meta if exception.mechanism else None
        if meta:
            _name(meta.get("signal"), "number", _SYSTEMS.get(_system(event), _COMMON))
            _name(meta.get("mach_exception"), "exception", _MACH)


def _system(event: Event) -> str:
    sdk_info = (event.debug_meta.sdk_info if event.debug_meta else None) or {}
    name = event.contexts.get("os", {}).get("name") or sdk_info.get("sdk_name")
    return name.lower() if isinstance(name, str) else ""


def _name(error: Any, attribute: str, names: dict[int, str]) -> None:
    if not isinstance(error, dict):
        return
    number, name = error.get(attribute), error.get("name")
    if isinstance(name, str) and name:
        error["name"] = name.upper()
    elif isinstance(number, int) and number in names:
        error["name"] = names[number]
