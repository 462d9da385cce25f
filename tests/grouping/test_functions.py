"""Function names without what compilers and runtimes add."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.grouping.functions import JAVASCRIPT, NATIVE, grouping_function
from mesher.protocol.event import Frame


@pytest.mark.parametrize(
    ("platform", "function", "name", "why"),
    [
        ("python", "Cart.total", "Cart.total", "Python's stays"),
        ("other", None, "", "no function"),
        ("javascript", "Object.pay", "pay", "the part behind the last point"),
        ("javascript", "<anonymous>", "", "anonymous"),
        ("javascript", "Object.<anonymous>", "", "anonymous in an object"),
        ("javascript", "Anonymous function", "", "in Edge's words"),
        ("javascript", "pay/<", "", "in Firefox'"),
        ("node", "async Cart.pay", "pay", "Node is JavaScript too"),
        ("ruby", "block (2 levels) in total", "block", "blocks have numbers"),
        ("ruby", "_app_views_cart__1234567_4567", "_app_views_cart", "generated of a template"),
        ("ruby", "total", "total", "a method"),
        ("php", "[Anonymous function]", "", "anonymous"),
        ("php", "class@anonymous\ufffd/a.php:3$0::pay", "pay", "method of an anonymous class"),
        ("php", "class@anonymous", "", "an anonymous class"),
        ("php", "Shop\\Cart::pay", "Shop\\Cart::pay", "a method"),
        ("java", "lambda$pay$0", "", "numbered lambdas"),
        ("java", "pay", "pay", "a method"),
        ("csharp", "Pay (Int32 amount)", "Pay", "without arguments"),
        ("native", "<redacted>", "", "unknown"),
        ("cocoa", "-[Cart pay:]", "-[Cart pay:]", "Objective-C stays"),
        (
            "native",
            "std::vector<int, std::allocator<int>>::at(int) const",
            "std::vector<T>::at",
            "",
        ),
        ("native", "void pay<int>(int&&)", "pay<T>", "without the returned type"),
        ("native", "(anonymous namespace)::pay(int)", "(anonymous namespace)::pay", ""),
        ("native", "?A0x1a2b3c4d::pay(int)", "(anonymous namespace)::pay", "Microsoft's"),
        ("native", "pay(int) [clone .isra.0]", "pay", "a compiler's copy"),
        ("native", "pay()::{lambda(int)#2}::operator()(int) const", "pay::lambda::operator()", ""),
        ("native", "operator<<(std::ostream&, int)", "operator<<", "an operator's brackets"),
        ("native", "Cart::operator new(unsigned long)", "Cart::operator new", "a named operator"),
        ("native", "<shop::Cart as core::fmt::Debug>::fmt", "shop::Cart::fmt", "Rust: the type"),
        ("native", "<shop::Cart", "<T>", "brackets that do not close"),
        ("native", "shop::pay::h0123456789abcdef", "shop::pay", "Rust's hash"),
        ("native", "memcpy@@GLIBC_2.14", "memcpy", "a version of the linker's"),
        ("native", "pay@8", "pay", "the size of arguments"),
        ("swift", "static Cart.pay(by: Card) throws -> Bool", "Cart.pay", "Swift"),
        ("c", "", "", "empty"),
    ],
)
def test_a_function_groups_by_a_name_that_stays(platform, function, name, why):
    assert grouping_function(Frame(function=function), platform) == name, why


def test_the_raw_name_stands_in_and_comes_first_in_csharp():
    both = Frame(function="short", raw_function="Long.Name")
    assert grouping_function(both, "python") == "short"
    assert grouping_function(both, "csharp") == "Long.Name"
    assert grouping_function(Frame(raw_function="raw"), "python") == "raw"


@given(
    st.text(st.sampled_from("<>()ab ::operator as-@&$_0{}#?[]."), max_size=60),
    st.sampled_from(sorted(NATIVE | JAVASCRIPT | {"php", "ruby", "java", "csharp"})),
)
def test_any_name_gives_a_name(function, platform):
    grouping_function(Frame(function=function), platform)
