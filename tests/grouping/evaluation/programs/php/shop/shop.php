<?php
namespace Shop;

class ShopError extends \RuntimeException {}

class Pricing
{
    const COUPONS = ['spring' => ['tiers' => []], 'summer' => []];

    public static function price(array $basket)
    {
        $subtotal = array_sum(array_map(fn($line) => $line['price'] * $line['count'], $basket['lines']));
        return $subtotal - self::discount($basket, $subtotal);
    }

    public static function discount(array $basket, $subtotal)
    {
        $rule = self::COUPONS[$basket['coupon']] ?? null;
        if ($basket['coupon'] === 'summer') {
            throw new \RangeException("no percentage for {$basket['id']}");
        }
        return self::percent($rule) * $subtotal;
    }

    private static function percent(array $rule) { return $rule['tiers'][0]; }

    public static function tax(array $basket)
    {
        return array_map(function ($line) use ($basket) {
            return intdiv($line['price'], $basket['rate'] ?? 0);
        }, $basket['lines']);
    }
}

class Orders
{
    private function required($value, $name)
    {
        if (!$value) {
            throw new \InvalidArgumentException("$name is missing");
        }
    }

    public function place(array $basket)
    {
        $this->required($basket['customer'], 'customer');
        return Pricing::price($basket);
    }

    public function refund(array $basket)
    {
        $this->required($basket['customer'], 'customer');
        return -Pricing::price($basket);
    }

    public function reserve(array $basket)
    {
        $visitor = new class {
            public function visit(array $basket) { throw new ShopError("order {$basket['id']} could not be reserved at {$basket['at']}"); }
        };
        $visitor->visit($basket);
    }

    public function dispatch(string $address, array $lines)
    {
        if (!$address) throw new \DomainException('no address');
        if (!$lines) throw new \DomainException('nothing to ship');
    }

    public function __call($name, $arguments) { throw new \BadMethodCallException("no action $name for {$arguments[0]['id']}"); }
}

class Rows
{
    public static function parse(array $basket)
    {
        self::parsePrice($basket['price_text']);
        return self::parseDate($basket['date_text']);
    }

    private static function parsePrice($text) { if (!is_numeric($text)) throw new \ValueError("not a price: $text"); }

    private static function parseDate($text) { if (!strtotime($text . '?')) throw new \ValueError("not a date: $text"); }

    public static function settings($text) { return json_decode($text, false, 512, JSON_THROW_ON_ERROR); }

    public static function orders($text) { return array_map(fn($line) => json_decode($line, false, 512, JSON_THROW_ON_ERROR), explode("\n", $text)); }
}

class Stock
{
    private static function fetch(array $basket) { throw new \ErrorException("{$basket['address']} did not answer within " . $basket['id'] % 90 . " s"); }

    public static function load(array $basket, $answer = null)
    {
        try {
            return $answer ? Rows::settings($answer) : self::fetch($basket);
        } catch (\Throwable $error) {
            throw new ShopError("no stock for order {$basket['id']}", 0, $error);
        }
    }

    public static function walk(int $depth)
    {
        if ($depth === 0) {
            throw new \OutOfBoundsException('no name');
        }
        self::walkChildren($depth - 1);
    }

    private static function walkChildren(int $depth) { self::walk($depth); }

    public static function callWarehouse() { throw new \RuntimeException('service is unavailable'); }

    public static function callMailer() { throw new \RuntimeException('service is unavailable'); }
}

class Api
{
    public static function order(array $basket) { return self::get("/orders/{$basket['id']}", 503); }

    public static function price(array $basket) { return self::get("/prices/{$basket['id']}", 500); }

    private static function get($path, $answer) { return self::check($path, $answer); }

    private static function check($path, $answer) { if ($answer >= 400) throw new ShopError("GET $path: $answer"); }
}

function views()
{
    return [
        'discount_unknown_coupon' => fn($b) => (new Orders())->place(['coupon' => 'winter'] + $b),
        'discount_without_percent' => fn($b) => (new Orders())->place(['coupon' => 'summer'] + $b),
        'order_without_customer' => fn($b) => (new Orders())->place(['customer' => ''] + $b),
        'refund_without_customer' => fn($b) => (new Orders())->refund(['customer' => null] + $b),
        'reserve' => fn($b) => (new Orders())->reserve($b),
        'no_action' => fn($b) => (new Orders())->ship($b),
        'bad_price' => fn($b) => Rows::parse(['price_text' => $b['locale_price']] + $b),
        'bad_date' => fn($b) => Rows::parse(['price_text' => '1'] + $b),
        'settings' => fn($b) => Rows::settings(str_repeat('{', 1 + $b['id'] % 7)),
        'order_lines' => fn($b) => Rows::orders("[]\n[" . str_repeat('1,', $b['id'] % 7)),
        'tax' => fn($b) => Pricing::tax($b),
        'stock_unreachable' => fn($b) => Stock::load($b),
        'stock_garbled' => fn($b) => Stock::load($b, '<html>'),
        'categories' => fn($b) => Stock::walk(1 + 2 * ($b['id'] % 9)),
        'warehouse_call' => fn($b) => Stock::callWarehouse(),
        'api_order' => fn($b) => Api::order($b),
        'api_price' => fn($b) => Api::price($b),
        'mailer_call' => fn($b) => Stock::callMailer(),
    ];
}

/** Where nothing that stays from release to release tells two bugs apart. */
function hard_views()
{
    return [
        'ship_without_address' => fn($b) => (new Orders())->dispatch('', [1]),
        'ship_without_lines' => fn($b) => (new Orders())->dispatch('here', []),
    ];
}

function messages(array $b)
{
    return [
        'message_paid' => "{$b['mail']} paid {$b['locale_number']} for {$b['id']} on {$b['at']}",
        'message_address' => "Too many requests from {$b['address']}, session {$b['token']}",
        'message_file' => "Import of {$b['path']} took {$b['duration']}",
    ];
}
