package com.example.shop;

import java.util.*;

public class Basket implements Cloneable {
    public int id;
    public String uuid, mail, token, at, localeNumber, address, path, duration, customer, coupon, dateText, localePrice;
    List<Line> lines = List.of(new Line(3, 2, 0));

    record Line(int price, int count, int tax) {}

    Basket with(String coupon, String customer) {
        try {
            Basket copy = (Basket) clone();
            copy.coupon = coupon;
            copy.customer = customer;
            return copy;
        } catch (CloneNotSupportedException error) {
            throw new AssertionError(error);
        }
    }
}
