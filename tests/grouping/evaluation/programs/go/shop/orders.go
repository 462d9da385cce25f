package shop

import (
	"errors"
	"fmt"
)

// Orders has methods.
type Orders struct{ open map[string]int }

// MissingError is a type of its own.
type MissingError struct{ Name string }

func (e *MissingError) Error() string { return e.Name + " is missing" }

//go:noinline
func required(value, name string) {
	if value == "" {
		panic(&MissingError{name})
	}
}

//go:noinline
func (o *Orders) place(basket Basket) {
	required(basket.Customer, "customer")
	price(basket)
}

//go:noinline
func (o *Orders) refund(basket Basket) {
	required(basket.Customer, "customer")
	price(basket)
}

//go:noinline
func (o *Orders) reserve(basket Basket) { o.open[basket.UUID]++ }

func (o *Orders) cancel(basket Basket) error {
	return fmt.Errorf("cancel order %d: %w", basket.ID, errors.New("already shipped"))
}

func (o *Orders) ship(basket Basket) error {
	return fmt.Errorf("ship order %d: %w", basket.ID, errors.New("no address"))
}

//go:noinline
func send(address string, lines []int) {
	if address == "" {
		panic(&MissingError{"address"})
	}
	if len(lines) == 0 {
		panic(&MissingError{"line"})
	}
}

//go:noinline
func apiOrder(basket Basket) { get(fmt.Sprintf("/orders/%d", basket.ID), 503) }

//go:noinline
func apiPrice(basket Basket) { get(fmt.Sprintf("/prices/%d", basket.ID), 500) }

//go:noinline
func get(path string, answer int) {
	if answer >= 400 {
		panic(fmt.Errorf("GET %s: %d", path, answer))
	}
}
