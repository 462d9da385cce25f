"""Why each mistake that is left is made: by platform, or ``*`` for all, and bug."""

from __future__ import annotations

from grouping.evaluation.dataset import UNMAPPED

_UNIX_TIME = (
    "One message writes the date as seconds since 1970, which is a number like any other: to take "
    "numbers of ten digits for dates would split messages with growing ids."
)
_SAME_FUNCTION = (
    "One function raises one type of exception in two places. Only the line or the text tells them "
    "apart, and both change more often than bugs are alike: a reformatted line, a name in a message."
)
_STATUS = "The number that is replaced is what differs. A fingerprint with `{{ message }}` tells them apart."
_FUNCTION_EXPRESSION = (
    "A minifier drops the own names of function expressions, so that maps have another name than the "
    "sources, or none."
)
_NO_CALLERS = "Safari keeps no callers of an async function that has waited."
_TAIL_CALL = "Safari keeps no caller of a call that is the last thing a function does."
_TEN_CALLS = "Node.js keeps the ten newest calls, so a recursion of more hides where it began."
_CONSTRUCTOR = (
    "Firefox and Safari show the constructor of an error as a call. It is left out by its name, which a "
    "minifier has changed."
)
_OLDER_SDK_CAUSES = "The older SDKs do not send causes."
_OLDER_SDK_GROUPS = "The older SDK knows nothing of exception groups."
_OLDER_SDK_STACK = "One of the SDKs sends the message in another place than the others, or none."
_OLDER_SDK_DEPTH = "The SDKs keep different numbers of calls."
_OLDER_SDK_NON_ERROR = "The SDKs call an object that is thrown differently."
_NATIVE_PART = "The older SDK makes calls of the stack trace of C++ that the text holds."

REASONS: dict[tuple[str, str], str] = {
    ("*", "message_paid"): _UNIX_TIME,
    ("*", "ship_without_address"): _SAME_FUNCTION,
    ("*", "ship_without_lines"): _SAME_FUNCTION,
    ("python", "add_count"): _SAME_FUNCTION,
    ("python", "add_price"): _SAME_FUNCTION,
    ("*", "message_not_found"): _STATUS,
    ("*", "message_broken"): _STATUS,
    ("node", "reserve"): _FUNCTION_EXPRESSION,
    ("javascript", "reserve"): _FUNCTION_EXPRESSION,
    ("javascript", "discount_unknown_coupon"): _NO_CALLERS,
    ("javascript", "discount_without_percent"): _NO_CALLERS,
    ("javascript", "order_without_customer"): _NO_CALLERS,
    ("javascript", "private_method"): _TAIL_CALL,
    (UNMAPPED, "private_method"): _TAIL_CALL,
    ("node", "categories"): _TEN_CALLS,
    (UNMAPPED, "api_order"): _CONSTRUCTOR,
    (UNMAPPED, "api_price"): _CONSTRUCTOR,
    (UNMAPPED, "stock_garbled"): _CONSTRUCTOR,
    (UNMAPPED, "stock_unreachable"): _CONSTRUCTOR,
    ("node", "captured crash-unhandled-rejection 0"): _OLDER_SDK_CAUSES,
    ("python", "captured exception-group 0"): _OLDER_SDK_GROUPS,
    ("node", "captured message-stacktrace 0"): _OLDER_SDK_STACK,
    ("node", "captured deep-stack-200 0"): _OLDER_SDK_DEPTH,
    ("node", "captured crash-syntax 0"): _OLDER_SDK_DEPTH,
    ("node", "captured throw-object 0"): _OLDER_SDK_NON_ERROR,
    ("python", "captured gnu-backtrace 0"): _NATIVE_PART,
}


def reason_for(platform: str, bug: str) -> str | None:
    """Why events of a bug are not in one issue, or not in one of their own."""
    return REASONS.get((platform, bug)) or REASONS.get(("*", bug))
