package testkit

import (
	"bytes"
	"os"
	"sync"
	"testing"
	"time"
)

// Output is what processes of one test print. When the test fails its end is
// shown, and a data race or a panic in it fails the test.
type Output struct {
	t    testing.TB
	name string
	// in is what the processes write to; they may be killed, and leave children
	// behind that keep it open.
	in, out *os.File
	read    chan struct{} // closed when no more is read

	mu      sync.Mutex
	text    []byte
	watches []watch
}

// watch waits for a text behind a place of the output.
type watch struct {
	from int
	text []byte
	seen chan struct{}
}

// NewOutput begins with nothing; the name is for messages. It ends with the test,
// after those that write to it if they are started later.
func NewOutput(t testing.TB, name string) *Output {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	o := &Output{t: t, name: name, in: in, out: out, read: make(chan struct{})}
	go o.follow()
	t.Cleanup(o.end)
	return o
}

// File is what processes write to.
func (o *Output) File() *os.File { return o.in }

// Printed returns a channel that is closed when the text is printed from now on.
func (o *Output) Printed(text string) <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := watch{from: len(o.text), text: []byte(text), seen: make(chan struct{})}
	o.watches = append(o.watches, w)
	return w.seen
}

// String is all that was printed.
func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

func (o *Output) follow() {
	defer close(o.read)
	buffer := make([]byte, 32<<10)
	for {
		n, err := o.out.Read(buffer)
		if err != nil {
			return
		}
		o.add(buffer[:n])
	}
}

func (o *Output) add(news []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.text)
	o.text = append(o.text, news...)
	var waiting []watch
	for _, w := range o.watches {
		if bytes.Contains(o.text[max(w.from, before-len(w.text)):], w.text) {
			close(w.seen)
			continue
		}
		waiting = append(waiting, w)
	}
	o.watches = waiting
}

// end reads what is left, and judges the whole.
func (o *Output) end() {
	const leftOpen = time.Second // by a process that outlives the one that started it
	if o.in.Close() != nil || o.out.SetReadDeadline(time.Now().Add(leftOpen)) != nil {
		o.t.Errorf("output of %s is lost", o.name)
	}
	<-o.read
	_ = o.out.Close()
	for _, sign := range []string{"DATA RACE", "panic:", "fatal error:"} {
		if at := bytes.Index(o.text, []byte(sign)); at >= 0 {
			o.t.Errorf("%s said:\n%.6000s", o.name, o.text[at:])
		}
	}
	if o.t.Failed() {
		const tail = 6000
		o.t.Logf("the end of what %s said:\n%s", o.name, o.text[max(0, len(o.text)-tail):])
	}
}
