package verify

import (
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// log is a log of three changes: one event, three of two contexts, one event.
func log() []protocol.Envelope {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	later := at.Add(time.Second)
	return []protocol.Envelope{
		{Position: 1, Context: domain.ContextDNS, RecordedAt: at},
		{Position: 2, Prev: 1, Context: domain.ContextDNS, More: 3, MoreOwn: 2, RecordedAt: later},
		{Position: 3, Context: domain.ContextOps, More: 2, RecordedAt: later},
		{Position: 4, Prev: 2, Context: domain.ContextDNS, More: 1, MoreOwn: 1, RecordedAt: later},
		{Position: 5, Prev: 4, Context: domain.ContextDNS, RecordedAt: later},
		{Position: 6, Prev: 3, Context: domain.ContextOps, RecordedAt: later},
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(e []protocol.Envelope)
		at     int
		says   string
	}{
		"as it is":              {func([]protocol.Envelope) {}, -1, ""},
		"a gap":                 {func(e []protocol.Envelope) { e[5].Position = 7 }, 5, "comes behind 5"},
		"another prev":          {func(e []protocol.Envelope) { e[4].Prev = 2 }, 4, "prev is 2"},
		"an earlier time":       {func(e []protocol.Envelope) { e[5].RecordedAt = e[0].RecordedAt }, 5, "before the event before it"},
		"a later time":          {func(e []protocol.Envelope) { e[4].RecordedAt = e[4].RecordedAt.Add(1) }, 4, "than the rest of its change"},
		"too much more":         {func(e []protocol.Envelope) { e[2].More = 3 }, 2, "more is 3"},
		"too little more":       {func(e []protocol.Envelope) { e[2].More = 0 }, 2, "more is 0"},
		"too much of own":       {func(e []protocol.Envelope) { e[3].MoreOwn = 0 }, 3, "more_own is 0"},
		"more of own than more": {func(e []protocol.Envelope) { e[0].MoreOwn = 1 }, 0, "more_own is 1"},
		"own that never come":   {func(e []protocol.Envelope) { e[2].MoreOwn = 1 }, 4, "ends without all"},
	} {
		f, list, found := newFollower(1), log(), -1
		c.change(list)
		var says string
		for i := range list {
			if says = f.check(&list[i]); says != "" {
				found = i
				break
			}
		}
		if found != c.at || !strings.Contains(says, c.says) {
			t.Errorf("%s: event %d: %s", name, found, says)
		}
	}
}
