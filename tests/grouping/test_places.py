"""The file of a call as it groups."""

from __future__ import annotations

import pytest

from mesher.grouping.places import file_name
from mesher.protocol.event import Frame


@pytest.mark.parametrize(
    ("platform", "path", "name", "why"),
    [
        ("ruby", "lib/shop/Cart.rb", "cart.rb", "without its folder"),
        ("javascript", "https://a/js/app.3f2c1.js", "app", "with the hash of its content"),
        ("javascript", "https://a/js/app.3f2c1b9a.chunk.js", "app.chunk", "in the middle"),
        ("javascript", "https://a/index-BxYz12ab.js", "index", "as Vite writes it"),
        ("javascript", "https://a/index-CqVbXzLp.js", "index", "without a digit"),
        ("javascript", "https://a/user-settings.js", "user-settings", "a word of eight letters"),
        ("javascript", "https://a/shop-Checkout.js", "shop-checkout", "with one capital"),
        ("javascript", "https://a/4512.js", "", "a numbered piece"),
        ("javascript", "https://a/3f2c1b9a.js", "", "nothing but a hash"),
        ("javascript", "https://a/cart/17?page=2", "", "a page"),
        ("javascript", "https://a/app.js?v=17", "app", "what stops caches"),
        ("node", "/srv/src/cart.ts", "cart", "a source"),
        ("node", "/srv/dist/cart.js", "cart", "and what is compiled of it"),
        ("node", "C:\\srv\\cart.mjs", "cart", "on Windows"),
        ("node", "node:internal/loader", "loader", "of the runtime"),
        ("node", "<anonymous>", "", "none"),
        ("php", "[internal]", "", "none in PHP"),
        ("php", "https://a/cart.php", "", "fetched"),
    ],
)
def test_a_file_counts_by_the_name_that_stays(platform, path, name, why):
    assert file_name(Frame(filename=path, abs_path=path), platform) == name, why


def test_a_call_without_a_file_has_none():
    assert not file_name(Frame(), "python")
    assert not file_name(Frame(), "node")
