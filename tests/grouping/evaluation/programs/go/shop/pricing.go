package shop

import "fmt"

type rule struct{ percent []int }

var coupons = map[string]*rule{"spring": {}}

func price(basket Basket) int {
	subtotal := 0
	for _, line := range basket.Lines {
		subtotal += line.Price * line.Count
	}
	return subtotal - discount(basket, subtotal)
}

//go:noinline
func discount(basket Basket, subtotal int) int {
	rule := coupons[basket.Coupon]
	if basket.Coupon == "spring" {
		return subtotal * rule.percent[basket.ID%5]
	}
	return subtotal * rule.percent[0]
}

// Sum is generic.
func Sum[T int | float64](values []T, at int) T {
	return values[0] / values[at]
}

func tax(basket Basket) {
	each(basket, func(line Line) {
		if line.Tax == nil {
			panic(fmt.Sprintf("no tax for %d of %s", basket.ID, basket.UUID))
		}
	})
}

func each(basket Basket, do func(Line)) {
	for _, line := range basket.Lines {
		do(line)
	}
}
