package com.example.shop;

class Api {
    static void order(Basket basket) { get("/orders/" + basket.id, 503); }

    static void price(Basket basket) { get("/prices/" + basket.id, 500); }

    private static void get(String path, int answer) { check(path, answer); }

    private static void check(String path, int answer) {
        if (answer >= 400) throw new ShopError("GET " + path + ": " + answer, null);
    }
}
