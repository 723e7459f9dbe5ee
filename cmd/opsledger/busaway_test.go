package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/opsledger/opsledger/internal/embeddednats"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/workers/agents/host"
	"github.com/opsledger/opsledger/workers/control/busauth"
)

// asAgent connects as the agent of a machine does, to a bus of the test's own, in clear if
// with is nil.
func asAgent(t *testing.T, with *tls.Config) *nats.Conn {
	t.Helper()
	bus, err := embeddednats.Start(embeddednats.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: with})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Stop)
	log := slog.New(slog.DiscardHandler)
	life := newLifecycle(log)
	nc, err := connectAs(life, busauth.Credentials{URL: bus.URL()}, busAddress{}, host.Options(1), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = life.stop() })
	return nc
}

// A bus that may be spoken with in clear, since it is on this machine, cannot send the agent
// elsewhere, and the reason is remembered.
func TestInClearTheAgentStaysOnThisMachine(t *testing.T) {
	t.Parallel()
	nc := asAgent(t, nil)
	if !nc.IsConnected() {
		t.Fatal("the bus of this machine is not spoken with")
	}
	dial := nc.Opts.CustomDialer.(*reasonedDialer)
	if _, err := dial.Dial("tcp", "192.0.2.1:4222"); !errors.Is(err, busauth.ErrUnencrypted) {
		t.Errorf("a bus elsewhere: %v", err)
	}
	if why := (&busAway{nc: nc, dial: dial}).why(); !errors.Is(why, busauth.ErrUnencrypted) {
		t.Errorf("the reason: %v", why)
	}
}

// An agent whose bus has a certificate of an authority that nobody named says so, and what
// to do, again and again, with pauses that grow up to the longest one.
func TestWhyTheBusIsAwayIsSaidAgainAndAgain(t *testing.T) {
	t.Parallel()
	pair, err := tls.LoadX509KeyPair(testkit.NewCA(t).Issue("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	nc := asAgent(t, &tls.Config{Certificates: []tls.Certificate{pair}})
	testkit.Eventually(t, "the reason is known", func() bool { return nc.LastError() != nil })
	var said bytes.Buffer
	away := &busAway{nc: nc, dial: nc.Opts.CustomDialer.(*reasonedDialer), log: slog.New(slog.NewJSONHandler(&said, nil))}
	synctest.Test(t, func(t *testing.T) { // the hour is over at once
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := away.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	var at []time.Time
	for text := range strings.Lines(said.String()) {
		var line struct {
			Time        time.Time
			Error, Hint string
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(line.Error, "unknown authority") || !strings.Contains(line.Hint, "--nats-ca") {
			t.Errorf("it says %s", text)
		}
		at = append(at, line.Time)
	}
	few, many := int(time.Hour/(2*sayAwayMost)), int(time.Hour*2/sayAwayMost)
	if len(at) < few || len(at) > many {
		t.Fatalf("%d lines in an hour, want %d to %d", len(at), few, many)
	}
	first, last := at[1].Sub(at[0]), at[len(at)-1].Sub(at[len(at)-2])
	if first > 2*sayAwayLeast || last < sayAwayMost/2 {
		t.Errorf("the first pause is %s, the last %s", first, last)
	}
}
