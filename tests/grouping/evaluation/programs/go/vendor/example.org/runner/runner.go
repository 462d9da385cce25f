// Package runner is to the shop what a framework is: it calls, recovers and reports.
package runner

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/getsentry/sentry-go"
)

var current string

type printing struct{}

func (printing) Flush(time.Duration) bool       { return true }
func (printing) Configure(sentry.ClientOptions) {}
func (printing) SendEvent(event *sentry.Event) {
	line, _ := json.Marshal(map[string]any{"bug": current, "event": event})
	fmt.Println(string(line))
}

// Start before all else.
func Start() {
	sentry.Init(sentry.ClientOptions{Dsn: "http://key@127.0.0.1:1/1", Transport: printing{}})
}

// Run a view and report its panic.
func Run(bug, way string, view func()) {
	current = bug
	if way != "goroutine" {
		guarded(view)
		return
	}
	done := make(chan bool)
	go func() {
		guarded(view)
		close(done)
	}()
	<-done
}

func guarded(view func()) {
	defer func() {
		if err := recover(); err != nil {
			sentry.CurrentHub().Recover(err)
		}
	}()
	view()
}

// Try reports an error.
func Try(bug string, err error) {
	current = bug
	sentry.CaptureException(err)
}

// Say reports a message.
func Say(bug, text string) {
	current = bug
	sentry.CaptureMessage(text)
}
