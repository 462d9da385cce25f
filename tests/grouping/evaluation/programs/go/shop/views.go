package shop

import (
	"encoding/json"
	"fmt"
)

// Line of a basket.
type Line struct {
	Price, Count int
	Tax          *int
}

// Basket is what differs from event to event.
type Basket struct {
	ID                                                                                               int
	UUID, Mail, Token, At, LocaleNumber, Address, Path, Duration, Customer, Coupon, DateText, Name string
	Lines                                                                                            []Line
}

func (b Basket) with(coupon string) Basket { b.Coupon = coupon; return b }
func (b Basket) without() Basket           { b.Customer = ""; return b }

// Views panic.
var Views = map[string]func(Basket){
	"discountUnknownCoupon":  func(b Basket) { new(Orders).place(b.with("winter")) },
	"discountWithoutPercent": func(b Basket) { new(Orders).place(b.with("spring")) },
	"orderWithoutCustomer":   func(b Basket) { new(Orders).place(b.without()) },
	"refundWithoutCustomer":  func(b Basket) { new(Orders).refund(b.without()) },
	"reserve":                func(b Basket) { new(Orders).reserve(b) },
	"average":                func(b Basket) { Sum([]int{b.ID, 0}, 1) },
	"tax":                    func(b Basket) { tax(b) },
	"categories":             func(b Basket) { walk(1+2*(b.ID%9), make([]int, b.ID%4)) },
	"warehouseCall":          func(b Basket) { callWarehouse() },
	"apiOrder":               func(b Basket) { apiOrder(b) },
	"apiPrice":               func(b Basket) { apiPrice(b) },
	"mailerCall":             func(b Basket) { callMailer() },
}

// HardViews are where nothing that stays from release to release tells two bugs apart.
var HardViews = map[string]func(Basket){
	"shipWithoutAddress": func(b Basket) { send("", []int{1}) },
	"shipWithoutLines":   func(b Basket) { send("here", nil) },
}

// Tries give errors.
var Tries = map[string]func(Basket) error{
	"cancel":           new(Orders).cancel,
	"ship":             new(Orders).ship,
	"stockUnreachable": func(b Basket) error { return load(b, "") },
	"stockGarbled":     func(b Basket) error { return load(b, "<html>") },
}

// Read a basket from JSON.
func Read(text string) (basket Basket) {
	json.Unmarshal([]byte(text), &basket)
	return
}

// Messages are logged.
func Messages(basket Basket) map[string]string {
	return map[string]string{
		"messagePaid":    fmt.Sprintf("%s paid %s for %d on %s", basket.Mail, basket.LocaleNumber, basket.ID, basket.At),
		"messageAddress": fmt.Sprintf("Too many requests from %s, session %s", basket.Address, basket.Token),
		"messageFile":    fmt.Sprintf("Import of %s took %s", basket.Path, basket.Duration),
	}
}
