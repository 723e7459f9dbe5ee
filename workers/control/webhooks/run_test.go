package webhooks

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/feed"
	"github.com/opsledger/opsledger/webhook"
)

// The time in which nobody delivered is none of trying.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		last, now time.Duration // since began
		up        bool
	}{
		{23 * time.Hour, 23*time.Hour + 59*time.Minute, false},
		{23 * time.Hour, 24 * time.Hour, true},
		{time.Minute, 24 * time.Hour, false},
		{time.Minute, 3 * time.Hour, false},
	} {
		last, now := began.Add(c.last), began.Add(c.now)
		got := after(webhook.Delivery{Attempts: 3, FailingSince: &began, LastTry: &last}, 7, webhook.Outcome{Status: 500}, now)
		if (got.GivenUp != "") != c.up || got.Attempts != 4 {
			t.Errorf("last tried after %s, and after %s: given up %q", c.last, c.now, got.GivenUp)
		}
		if since := *got.FailingSince; !c.up && c.now >= giveUpAfter && !since.Equal(now) {
			t.Errorf("it fails since %s", since)
		}
	}
}

func someTurn(log *slog.Logger) *turn {
	w := &Worker{cfg: Config{Log: log, Now: time.Now}}
	return &turn{Worker: w, hooks: map[access.WebhookID]*hook{}, pending: map[*hook]struct{}{}}
}

// What stands in the way and is not the receiver is said when it stays, and not each second.
func TestHindered(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	turn := someTurn(slog.New(slog.NewTextHandler(&said, nil)))
	turn.ctx = t.Context()
	h := &hook{WebhookState: access.WebhookState{ID: 3}}
	turn.hooks[3] = h
	ends := func(n int, err error) {
		t.Helper()
		for range n {
			must(t, turn.finish(&run{turn: turn, hook: h, state: h.WebhookState, delivery: h.delivery, err: err}))
		}
	}
	ends(9, errors.New("sealed by another key"))
	ends(1, nil)
	ends(9, errors.New("sealed by another key"))
	if said.Len() > 0 {
		t.Errorf("said at once: %s", &said)
	}
	ends(591, errors.New("sealed by another key"))
	if text := said.String(); strings.Count(text, "sealed by another key") != 2 || !strings.Contains(text, "webhook=3 tries=10 ") {
		t.Errorf("said %s", text)
	}
}

// A resource that this program cannot read, as one of a later program's log, is for no event.
func TestUnknownResource(t *testing.T) {
	t.Parallel()
	turn := someTurn(nil)
	h := &hook{WebhookState: access.WebhookState{ID: 3, WebhookData: access.WebhookData{Resource: "moon:1"}}}
	turn.add(h)
	if h.isFor(feed.Arrival{Tags: []domain.Tag{"zone:1"}}) || h.isFor(feed.Arrival{}) {
		t.Error("it is for an event")
	}
}
