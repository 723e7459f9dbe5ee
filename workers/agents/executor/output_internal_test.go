package executor

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// What a program left in its pipe is read, though its reader came late. When a process
// still holds the pipe, the reader waits no longer than its patience.
func TestOutputOfAnEndedProgram(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	left := strings.Repeat("x", 32<<10)
	if _, err := io.WriteString(w, left); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	o := newOutput(r, ended)
	close(ended)
	if err := r.SetReadDeadline(time.Now().Add(-time.Second)); err != nil { // a reader that was held up
		t.Fatal(err)
	}
	read, err := io.ReadAll(o)
	if string(read) != left || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes of %d, %v", len(read), len(left), err)
	}
}

// A process that cannot be ended cannot keep its reader for ever by writing.
func TestOutputWithoutEnd(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	written := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = w.Write(make([]byte, 4<<10))
		}
		written <- err
	}()
	ended := make(chan struct{})
	close(ended)
	read, err := io.Copy(io.Discard, newOutput(r, ended))
	if read != outputLeft || err != nil {
		t.Errorf("%d bytes, %v", read, err)
	}
	_ = r.Close()
	<-written
	_ = w.Close()
}
