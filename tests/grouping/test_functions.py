"""Function names without what compilers and runtimes add."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesher.grouping.functions import JAVASCRIPT, NATIVE, call_name
from mesher.protocol.event import Frame


@pytest.mark.parametrize(
    ("platform", "function", "name", "why"),
    [
        ("python", "Cart.total", "Cart.total", "Python's stays"),
        ("python", "pay_async", "pay", "the asynchronous twin"),
        ("python", "Cart.async_pay", "Cart.pay", "named in another way"),
        ("csharp", "PayAsync", "Pay", "as .NET names it"),
        ("node", "writeSync", "write", "the synchronous twin"),
        ("python", "resync", "resync", "a word that ends alike"),
        ("python", "async_", "async_", "a name that is nothing else"),
        ("other", None, "", "no function"),
        ("javascript", "Object.pay", "pay", "the part behind the last point"),
        ("javascript", "<anonymous>", "", "anonymous"),
        ("javascript", "Object.<anonymous>", "", "anonymous in an object"),
        ("javascript", "Anonymous function", "", "in Edge's words"),
        ("javascript", "pay/<", "", "in Firefox'"),
        ("node", "async Cart.pay", "pay", "Node is JavaScript too"),
        ("javascript", "new Cart", "Cart", "a constructor in Chrome's words"),
        ("javascript", "Object.a [as pay]", "a", "a property that holds it"),
        ("javascript", "async*pay", "pay", "Firefox after a wait"),
        ("javascript", "setTimeout handler*pay", "pay", "and after a timer"),
        ("javascript", "pay<", "", "Firefox: assigned to a name"),
        ("javascript", "get Cart.total", "total", "an accessor"),
        ("javascript", "Cart.#weigh", "weigh", "a private method"),
        ("javascript", "global code", "", "Safari outside of functions"),
        ("ruby", "block (2 levels) in total", "total", "a block is part of its method"),
        ("ruby", "rescue in total", "total", "so is a rescue"),
        ("ruby", "block in Shop::Cart#total", "total", "Ruby 3.4 names the class"),
        ("ruby", "Shop::Cart.total", "total", "of class methods too"),
        ("ruby", "_app_views_cart__1234567_4567", "_app_views_cart", "generated of a template"),
        ("ruby", "total", "total", "a method"),
        ("php", "[Anonymous function]", "", "anonymous"),
        ("php", "class@anonymous\ufffd/a.php:3$0::pay", "pay", "method of an anonymous class"),
        ("php", "class@anonymous", "", "an anonymous class"),
        ("php", "Shop\\Visitor@anonymous::pay", "pay", "that has a parent"),
        ("php", "Shop\\Cart::Shop\\{closure}", "{closure}", "a closure"),
        ("php", "{closure:Shop\\Cart::pay():12}", "{closure}", "in PHP 8.4's words"),
        ("php", "Shop\\Cart::pay", "Shop\\Cart::pay", "a method"),
        ("java", "lambda$pay$0", "pay", "a lambda is part of its method"),
        ("java", "lambda$static$3", "", "one of a class says nothing"),
        ("java", "$anonfun$pay$1", "pay", "Scala"),
        ("java", "pay$default", "pay", "Kotlin"),
        ("java", "pay$lambda$0", "pay", "Kotlin's lambdas"),
        ("java", "pay", "pay", "a method"),
        ("csharp", "Pay (Int32 amount)", "Pay", "without arguments"),
        ("csharp", "Pay { <lambda> }", "Pay", "a lambda is part of its method"),
        ("csharp", "<Pay>b__0_1", "Pay", "also as the compiler names it"),
        ("csharp", "<Pay>g__Try|3_0", "Pay", "and a local function"),
        ("csharp", "(int id)", "(int id)", "a signature without a name"),
        ("go", "(*Cart).Pay", "Cart.Pay", "a method of a pointer"),
        ("go", "Pay.func1.2", "Pay", "a closure is part of its function"),
        ("go", "(*Cart).Pay-fm", "Cart.Pay", "a method as a value"),
        ("go", "Sum[...]", "Sum", "a generic function"),
        ("go", "glob..func3", "package level", "a closure outside of functions"),
        ("go", "init.func3", "package level", "in newer words"),
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
    assert call_name(Frame(function=function), platform).function == name, why


@pytest.mark.parametrize(
    ("platform", "module", "function", "expected", "why"),
    [
        ("java", "shop.Cart$1", "get", ("shop.Cart", "get"), "numbered classes"),
        ("java", "shop.Cart$Line", "get", ("shop.Cart$Line", "get"), "not named ones"),
        ("java", "shop.Cart$pay$1", "invokeSuspend", ("shop.Cart", "pay"), "a coroutine"),
        (
            "java",
            "jdk.internal.reflect.GeneratedMethodAccessor12",
            "invoke",
            ("jdk.internal.reflect.GeneratedMethodAccessor", "invoke"),
            "made at run time",
        ),
        ("csharp", "Shop.Cart+<PayAsync>d__3", "MoveNext", ("Shop.Cart", "Pay"), "a state machine"),
        ("csharp", "Shop.Cart+<>c", "Pay { <lambda> }", ("Shop.Cart", "Pay"), "a closure's class"),
        ("csharp", "Shop.List`1[[System.Int32]]", "Add", ("Shop.List", "Add"), "type arguments"),
        (
            "csharp",
            None,
            "async Task<List<int>> Shop.Cart.PayAsync(int id)+() => { }",
            ("Shop.Cart", "Pay"),
            "the SDK's enhanced mode",
        ),
        ("csharp", None, "new Shop.Cart(int id)", ("Shop.Cart", ".ctor"), "and its constructors"),
    ],
)
def test_what_compilers_make_of_a_function_is_undone(platform, module, function, expected, why):
    frame = Frame(module=module, function=function)
    assert call_name(frame, platform)[:2] == expected, why


def test_a_call_is_shown_with_what_tells_its_asynchronous_twin():
    assert call_name(Frame(function="pay_async"), "python").shown == "pay_async"


def test_the_raw_name_stands_in_and_comes_first_in_csharp():
    both = Frame(function="short", raw_function="Long.Name")
    assert call_name(both, "python").function == "short"
    assert call_name(both, "csharp").function == "Long.Name"
    assert call_name(Frame(raw_function="raw"), "python").function == "raw"


@given(
    st.text(st.sampled_from("<>()ab ::operator as-@&$_0{}#?[].+`|"), max_size=60),
    st.text(st.sampled_from("<>ab.$+`[1]"), max_size=20),
    st.sampled_from(sorted(NATIVE | JAVASCRIPT | {"php", "ruby", "java", "csharp", "go"})),
)
def test_any_name_gives_a_name(function, module, platform):
    call_name(Frame(function=function, module=module), platform)
