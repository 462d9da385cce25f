package com.example.shop;

import java.util.*;
import java.util.function.*;

public class Views {
    public Orders orders = new Orders();

    public final Map<String, Consumer<Basket>> all = new LinkedHashMap<>();

    // Where nothing that stays from release to release tells two bugs apart.
    public final Map<String, Consumer<Basket>> hard = new LinkedHashMap<>();

    public Views() {
        all.put("discountUnknownCoupon", b -> orders.place(b.with("winter", "ann")));
        all.put("discountWithoutPercent", b -> orders.place(b.with("summer", "ann")));
        all.put("discountWithoutTiers", b -> orders.place(b.with("spring", "ann")));
        all.put("orderWithoutCustomer", b -> orders.place(b.with("spring", "")));
        all.put("refundWithoutCustomer", b -> orders.refund(b.with("spring", null)));
        all.put("reserve", b -> orders.reserve(b));
        all.put("cancel", b -> orders.cancel(b));
        all.put("tax", b -> Pricing.tax(b));
        all.put("badPrice", b -> Stock.parsePrice(b.localePrice));
        all.put("badCount", b -> Stock.parseCount(b.localeNumber + "x"));
        all.put("stockUnreachable", b -> Stock.load(b, null));
        all.put("stockGarbled", b -> Stock.load(b, "<html>"));
        all.put("categories", b -> Stock.walk(1 + 2 * (b.id % 9), new int[b.id % 4]));
        all.put("parity", b -> Stock.even(100_000_000 + b.id));
        all.put("warehouseCall", b -> Stock.callWarehouse());
        all.put("mailerCall", b -> Stock.callMailer());
        all.put("apiOrder", Api::order);
        all.put("apiPrice", Api::price);
        hard.put("shipWithoutAddress", b -> orders.ship("", 1));
        hard.put("shipWithoutLines", b -> orders.ship("here", 0));
    }
}
