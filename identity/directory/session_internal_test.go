package directory

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"
)

// A bind without a name or a password would succeed with many servers; it is not
// even tried, whatever a search found. (There is no connection here to try it on.)
func TestNothingProvesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ dn, password string }{{"", ""}, {"", "secret"}, {"uid=alice,dc=example", ""}} {
		if err := new(session).prove(c.dn, c.password); !errors.Is(err, ErrRefused) {
			t.Errorf("%q with %q: %v", c.dn, c.password, err)
		}
	}
}

// A directory that does not answer holds a bounded number of questions.
func TestQuestionsAreBounded(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(Config{URLs: []string{"ldap://" + listener.Addr().String()}, BindDNTemplate: "uid={username},dc=example", Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for range maxQuestions {
		asking.Go(func() {
			if _, err := d.Authenticate(ctx, "alice", "secret"); !errors.Is(err, ErrUnavailable) {
				t.Error(err)
			}
		})
	}
	for range maxQuestions {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	if d.slots.TryAcquire(1) {
		t.Error("one more may ask")
	}
	cancel()
	asking.Wait()
	if !d.slots.TryAcquire(maxQuestions) {
		t.Error("places are not given back")
	}
	if err := listener.Close(); err != nil {
		t.Error(err)
	}
}
