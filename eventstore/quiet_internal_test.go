package eventstore

import (
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// pgx leaves a reader on the connection after a write that took long. Whether
// the connection is quiet must be told beside it, at once: the writer asks
// before every batch, and nothing would come in that ended its wait.
func TestQuietDoesNotWaitForAReader(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	defer conn.Close()
	wg.Go(func() { _, _ = conn.Read(make([]byte, 1)) }) // until the connection is closed
	for range 20 {
		told := make(chan bool, 1)
		wg.Go(func() { told <- quiet(conn) })
		select {
		case is := <-told:
			if !is {
				t.Error("an idle connection is not quiet")
			}
		case <-time.After(testkit.Patience):
			t.Fatal("quiet waits for the reader")
		}
	}
}
