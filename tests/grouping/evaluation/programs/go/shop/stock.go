package shop

import (
	"encoding/json"
	"errors"
	"fmt"

	pkgerrors "github.com/pkg/errors"
)

func fetch(basket Basket) error {
	return fmt.Errorf("%s did not answer within %s", basket.Address, basket.Duration)
}

func load(basket Basket, answer string) error {
	if answer == "" {
		return pkgerrors.Wrap(fetch(basket), "no stock")
	}
	var found any
	return pkgerrors.Wrapf(json.Unmarshal([]byte(answer), &found), "no stock for order %d", basket.ID)
}

//go:noinline
func walk(depth int, values []int) int {
	if depth == 0 {
		return values[len(values)]
	}
	return walkChildren(depth-1, values)
}

//go:noinline
func walkChildren(depth int, values []int) int { return walk(depth, values) + 1 }

//go:noinline
func callWarehouse() { panic(errors.New("service is unavailable")) }

//go:noinline
func callMailer() { panic(errors.New("service is unavailable")) }
