package com.example.shop;

class ShopError extends RuntimeException {
    ShopError(String message, Throwable cause) { super(message, cause); }
}
