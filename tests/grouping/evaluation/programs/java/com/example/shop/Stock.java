package com.example.shop;

class Stock {
    static int parsePrice(String text) { return Integer.parseInt(text); }

    static int parseCount(String text) { return Integer.parseInt(text); }

    static void fetch(Basket basket) { throw new IllegalStateException(basket.address + " did not answer within " + basket.id % 90 + " s"); }

    static void load(Basket basket, String answer) {
        try {
            if (answer == null) fetch(basket);
            parsePrice(answer);
        } catch (RuntimeException error) {
            throw new ShopError("no stock for order " + basket.id, error);
        }
    }

    static int walk(int depth, int[] values) { return depth == 0 ? values[values.length] : walkChildren(depth - 1, values); }

    static int walkChildren(int depth, int[] values) { return walk(depth, values) + 1; }

    static boolean even(int number) { return number == 0 || odd(number - 1); }

    static boolean odd(int number) { return number != 0 && even(number - 1); }

    static void callWarehouse() { throw new IllegalStateException("service is unavailable"); }

    static void callMailer() { throw new IllegalStateException("service is unavailable"); }
}
