package com.example.shop;

import java.util.*;

class Pricing {
    static final Map<String, List<Integer>> COUPONS = Map.of("spring", List.of());

    static int price(Basket basket) {
        int subtotal = basket.lines.stream().mapToInt(line -> line.price() * line.count()).sum();
        return subtotal - discount(basket, subtotal);
    }

    static int discount(Basket basket, int subtotal) {
        List<Integer> rule = COUPONS.get(basket.coupon);
        if (basket.coupon.equals("summer")) throw new IllegalStateException("no percentage for " + basket.id);
        return subtotal * rule.get(basket.id % 5);
    }

    static int tax(Basket basket) {
        return basket.lines.stream().mapToInt(line -> line.price() / line.tax()).sum();
    }
}
