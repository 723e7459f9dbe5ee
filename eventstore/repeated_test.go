package eventstore_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A process loses its connection at COMMIT and cannot ask what became of it. The
// client repeats the command, under its id, at another process: it is carried out
// once, and whoever repeats it afterwards is told so, the first process included.
func TestRepeatedWhileTheCommitIsInDoubt(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]func(p *proxy, doubt func()){
		"before the server has it": func(p *proxy, doubt func()) {
			p.watch(once("MARKER", func() bool { p.down(); doubt(); return false }), nil)
		},
		"while the server does it": func(p *proxy, doubt func()) {
			var sent atomic.Bool
			p.watch(once("MARKER", func() bool { sent.Store(true); doubt(); return true }), func([]byte) bool {
				if !sent.Load() {
					return true
				}
				p.down() // no answer comes through
				return false
			})
		},
		"after the server did it": func(p *proxy, doubt func()) {
			p.watch(nil, once("COMMIT\x00", func() bool { p.down(); doubt(); return false }))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			direct := testkit.Postgres(t)
			p, pool := newProxy(t, direct)
			first, second := run(t, pool), run(t, direct)
			execute(t, first, note(noted{On: []domain.Tag{"before"}}))
			doubt := make(chan struct{})
			cut(p, func() { close(doubt) })
			req := eventstore.Request{
				Command: note(noted{Text: "MARKER", On: []domain.Tag{"marked"}}), Door: domain.DoorSystem,
				CommandID: uuid.New(), Fingerprint: []byte("the same request"),
			}
			lost := make(chan outcome, 1)
			go func() {
				r, err := first.Execute(context.Background(), req)
				lost <- outcome{r, err}
			}()
			<-doubt
			if r, err := second.Execute(t.Context(), req); err != nil || r.First != 2 || r.Last != 2 {
				t.Errorf("the repetition: %+v, %v", r, err)
			}
			p.watch(nil, nil)
			p.down()
			p.up()
			if o := <-lost; o.err != nil || o.receipt.First != 2 || o.receipt.Last != 2 {
				t.Errorf("the first: %+v, %v", o.receipt, o.err)
			}
			for _, s := range []*eventstore.Store{first, second} {
				var r eventstore.Receipt
				var err error
				testkit.Eventually(t, "the store has noticed that the database is back", func() bool {
					r, err = s.Execute(t.Context(), req)
					return !errors.Is(err, eventstore.ErrUnavailable)
				})
				if err != nil || !r.Replayed || r.First != 2 {
					t.Errorf("once more: %+v, %v", r, err)
				}
			}
			if n := len(wholeLog(t, second)); n != 2 {
				t.Errorf("%d events, want 2", n)
			}
		})
	}
}

type outcome struct {
	receipt eventstore.Receipt
	err     error
}
