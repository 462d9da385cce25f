package com.example.shop;

import java.util.function.Supplier;

public class Orders {
    protected void required(String value, String name) {
        if (value == null || value.isEmpty()) throw new IllegalArgumentException(name + " is missing");
    }

    public int place(Basket basket) {
        required(basket.customer, "customer");
        return Pricing.price(basket);
    }

    public int refund(Basket basket) {
        required(basket.customer, "customer");
        return -Pricing.price(basket);
    }

    public int reserve(Basket basket) {
        return new Supplier<Integer>() {
            public Integer get() { throw new UnsupportedOperationException("order " + basket.id + " at " + basket.at); }
        }.get();
    }

    public void cancel(Basket basket) { transaction(() -> basket.lines.forEach(line -> { throw new ShopError("line of " + basket.uuid, null); })); }

    void transaction(Runnable work) { work.run(); }

    public void ship(String address, int lines) {
        if (address.isEmpty()) throw new IllegalArgumentException("no address");
        if (lines == 0) throw new IllegalArgumentException("nothing to ship");
    }
}
