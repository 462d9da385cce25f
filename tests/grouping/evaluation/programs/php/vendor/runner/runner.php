<?php
// runner.php WAY BASKET, where WAY is plain or fiber; prints exceptions with PHP's own traces.
require dirname(__DIR__, 2) . '/shop/shop.php';

function call(string $way, callable $view, array $basket)
{
    if ($way === 'fiber') {
        (new Fiber($view))->start($basket);
    } else {
        $view($basket);
    }
}

function told(Throwable $error)
{
    return [
        'type' => get_class($error), 'value' => $error->getMessage(), 'file' => $error->getFile(), 'line' => $error->getLine(),
        'trace' => array_map(fn($call) => array_diff_key($call, ['args' => 0]), $error->getTrace()),
        'previous' => $error->getPrevious() ? told($error->getPrevious()) : null,
    ];
}

$basket = json_decode($argv[2], true);
foreach (Shop\views() + ($argv[1] === 'plain' ? Shop\hard_views() : []) as $bug => $view) {
    try {
        call($argv[1], $view, $basket);
    } catch (Throwable $error) {
        echo json_encode(['bug' => $bug, 'error' => told($error)], JSON_INVALID_UTF8_SUBSTITUTE), "\n";
    }
}
foreach (Shop\messages($basket) as $bug => $text) {
    echo json_encode(['bug' => $bug, 'message' => $text]), "\n";
}
