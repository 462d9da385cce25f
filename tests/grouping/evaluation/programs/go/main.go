// Command main WAY BASKET, where WAY is plain or goroutine; prints what the SDK would send.
package main

import (
	"os"

	"example.com/shop/shop"
	"example.org/runner"
)

func main() {
	runner.Start()
	basket := shop.Read(os.Args[2])
	for bug, view := range shop.Views {
		view := view
		runner.Run(bug, os.Args[1], func() { view(basket) })
	}
	for bug, view := range shop.HardViews {
		view := view
		if os.Args[1] == "plain" {
			runner.Run(bug, os.Args[1], func() { view(basket) })
		}
	}
	for bug, try := range shop.Tries {
		runner.Try(bug, try(basket))
	}
	for bug, text := range shop.Messages(basket) {
		runner.Say(bug, text)
	}
}
