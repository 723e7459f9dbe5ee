package output

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/protocol"
)

const task = "0358c3c78f5211e685855cf9389306a2"

// world is a store and a host that prints.
type world struct {
	t     *testing.T
	nc    *nats.Conn
	js    jetstream.JetStream
	store *Store
}

func newWorld(t *testing.T, cfg Config) *world {
	t.Helper()
	w := &world{t: t, nc: testkit.NATS(t)}
	w.js = testkit.JetStream(t, w.nc)
	cfg.NC, cfg.JS = w.nc, w.js
	w.store = New(cfg)
	if err := w.store.ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

// print publishes the lines first to last as a host does.
func (w *world) print(attempt, first, last int64) {
	w.t.Helper()
	said := protocol.OutputLines{First: first}
	for n := first; n <= last; n++ {
		said.Lines = append(said.Lines, protocol.OutputLine{At: time.Now(), Text: fmt.Sprint("line ", n), Err: n%2 == 0})
	}
	payload, err := json.Marshal(said)
	if err != nil {
		w.t.Fatal(err)
	}
	w.publish(attempt, payload)
}

func (w *world) publish(attempt int64, payload []byte) {
	w.t.Helper()
	if _, err := w.js.Publish(w.t.Context(), fmt.Sprintf("output.7.%s.%d", task, attempt), payload); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) open(attempt, after int64) *Reader {
	w.t.Helper()
	r, err := w.store.Open(w.t.Context(), 7, task, 8, after)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(r.Close)
	return r
}

// expect reads until it has the number of lines, and compares their numbers.
func (w *world) expect(r *Reader, want ...int64) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), testkit.Patience)
	defer cancel()
	var got []int64
	for len(got) < len(want) {
		lines, err := r.Next(ctx)
		if err != nil {
			w.t.Fatalf("after %v: %v", got, err)
		}
		for _, l := range lines {
			if l.Text != fmt.Sprint("line ", l.Number) || l.Err != (l.Number%2 == 0) {
				w.t.Errorf("line %d is %+v", l.Number, l)
			}
			got = append(got, l.Number)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("got lines %v, want %v", got, want)
	}
}

func span(first, last int64) (all []int64) {
	for n := first; n <= last; n++ {
		all = append(all, n)
	}
	return all
}

func TestReadsWhatIsKeptThenFollows(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.print(8, 1, 3)
	w.print(9, 1, 9) // another attempt's
	w.print(8, 4, 5)
	r := w.open(8, 0)
	w.expect(r, span(1, 5)...)
	if r.Pending() {
		t.Error("there is nothing to read, and Pending says yes")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting in vain: %v", err)
	}
	r.due = time.Now().Add(time.Hour) // only what is told of the line can end the wait
	w.print(8, 6, 6)
	w.expect(r, 6)
	w.print(8, 10, 11) // the host dropped 7 to 9
	w.expect(r, 10, 11)
}

// Who waits a moment at a time sees a line of which nothing has told, too.
func TestShortWaitsFindLines(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	r := w.open(8, 0)
	if err := r.sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	w.print(8, 1, 1)
	var lines []Line
	testkit.Eventually(t, "the line is found", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		var err error
		lines, err = r.Next(ctx)
		return err == nil
	})
	if len(lines) != 1 || lines[0].Number != 1 {
		t.Errorf("found %+v", lines)
	}
}

func TestResumesBehindALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.print(8, 1, 3)
	w.print(8, 4, 6)
	w.expect(w.open(8, 4), 5, 6)
	if w.open(8, 6).Pending() {
		t.Error("nothing is behind the last line")
	}
	if w.open(8, 100).Pending() {
		t.Error("nothing is behind a line that is not there yet")
	}
}

// A host repeats a message when it did not hear that it was stored.
func TestRepetitionsAreReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	r := w.open(8, 0)
	w.print(8, 1, 2)
	w.print(8, 1, 2)
	w.print(8, 2, 4)
	w.expect(r, 1, 2, 3, 4)
	w.print(8, 3, 4)
	w.print(8, 5, 5)
	w.expect(r, 5)
	w.expect(w.open(8, 0), 1, 2, 3, 4, 5)
}

func TestNonsenseIsSkipped(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.publish(8, []byte("{"))
	w.publish(8, []byte(`{"first":-4,"lines":[{"text":"line -4"}]}`))
	w.print(8, 1, 1)
	w.expect(w.open(8, 0), 1)
}

func TestTheOldestGoesFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{MaxPerAttempt: 2})
	for n := int64(1); n <= 5; n++ {
		w.print(8, n, n)
	}
	w.print(9, 1, 1)
	w.expect(w.open(8, 0), 4, 5)
}

// A stream that was lost is made anew, and who follows goes on.
func TestStreamLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t, Config{})
	w.print(8, 1, 2)
	w.print(8, 3, 4)
	r := w.open(8, 0)
	w.expect(r, span(1, 4)...)
	if err := w.js.DeleteStream(t.Context(), protocol.StreamOutput); err != nil {
		t.Fatal(err)
	}
	// The files of the deleted stream may be there for a moment.
	testkit.Eventually(t, "the stream is made anew", func() bool { return w.store.ensure(t.Context()) == nil })
	w.print(8, 7, 8)
	w.expect(r, 7, 8)
}
