package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/internal/testkit"
)

// One holder's bytes end at their share, and all bytes at the total; whoever needs
// few passes those who wait for many; what comes back goes to who waits.
func TestByteBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, testByteBudget)
}

func testByteBudget(t *testing.T) {
	b := newByteBudget(10, 6)
	take := func(holder string, n int64) func() {
		t.Helper()
		giveBack, err := b.take(t.Context(), holder, n, testkit.Patience)
		must(t, err)
		return giveBack
	}
	refuse := func(holder string, n int64) {
		t.Helper()
		if _, err := b.take(t.Context(), holder, n, 0); !errors.Is(err, errBodiesInWork) {
			t.Errorf("%s got %d more: %v", holder, n, err)
		}
	}
	first := take("a", 4)
	refuse("a", 3)
	take("a", 2)()
	refuse("a", 3)           // what was given back was not all
	second := take("b", 100) // counts as a share
	refuse("c", 1)
	take("c", 0)()

	var waiting sync.WaitGroup
	for _, holder := range []string{"c", "d"} {
		waiting.Go(func() { take(holder, 5)() })
	}
	synctest.Wait() // until both wait
	first()
	first() // once is enough
	take("e", 2)()
	second()
	waiting.Wait()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	whole := []func(){take("a", 6), take("b", 4)}
	if _, err := b.take(gone, "c", 1, testkit.Patience); !errors.Is(err, context.Canceled) {
		t.Errorf("a client that has gone waits: %v", err)
	}
	for _, giveBack := range whole {
		giveBack()
	}
	if b.held != 0 || len(b.holders) != 0 {
		t.Errorf("%d bytes are held by %v", b.held, b.holders)
	}
}

// The size of a JSON text is known before anything is made of it.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	limit := BodyLimit{Members: 4}
	for text, fits := range map[string]bool{
		`{"a":1,"b":2,"c":3,"d":4}`: true, `{"a":1,"b":2,"c":3,"d":4,"e":5}`: false,
		`[1,2,3,4]`: true, `[1,2,3,4,5]`: false, `{"a":[1,2,3,4,5]}`: false, `{"a":{"b":1,"c":1,"d":1,"e":1,"f":1}}`: false,
		`[",,,,,,,,","\",,,,,,"]`: true, `{",\",,,":1}`: true,
		`{"a":"b","c":"d","e":"f","g":"h"}`: true, `[[1,2],[3,4],[5,6]]`: false, `[[],[],[],[]]`: true, `[[[[[[[[[]]]]]]]]]`: false,
		`,,,,,`: false, `]]]],,,,,`: false, `"never closed`: true, ``: true,
		strings.Repeat("[", 64): false,
	} {
		if err := limit.check([]byte(text)); (err == nil) != fits {
			t.Errorf("%s: %v", text, err)
		}
	}
	deep := BodyLimit{Members: 1000}
	if err := deep.check([]byte(strings.Repeat("[", maxDepth))); err != nil {
		t.Error(err)
	}
	if err := deep.check([]byte("[" + strings.Repeat("[],", 2*maxDepth) + "[]]")); err != nil {
		t.Errorf("lists beside each other count as depth: %v", err)
	}
	if err := deep.check([]byte(strings.Repeat(`{"a":`, maxDepth+1))); err == nil {
		t.Error("a text of any depth is taken")
	}
}

// Every route without a login takes little, and gets it soon or not at all.
func TestStrangersBodies(t *testing.T) {
	t.Parallel()
	for _, r := range []Route{{Access: AccessPublic}, {Access: AccessUser}, {Access: AccessAdmin, Body: BodyLimit{Members: 7}}} {
		limit := r.bodyLimit()
		stranger := r.Access == AccessPublic
		if (limit.Bytes == MaxStrangersBody) != stranger || (limit.within == 10*time.Second) != stranger || limit.Members == 0 {
			t.Errorf("%s: %+v", r.Access.Name, limit)
		}
	}
}

// The bytes of a body are its user's, or without a login its address's; of a body that does
// not say how long it is they are as many as it may have.
func TestWhoseBytesABodyTakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method           string
		length           int64
		user             bool
		users, strangers int64
	}{
		"a stranger's":                {"POST", 100, false, 0, 100},
		"a stranger's, not announced": {"POST", -1, false, 0, MaxStrangersBody},
		"a user's":                    {"PUT", 100, true, 100, 0},
		"a user's, not announced":     {"POST", -1, true, MaxStrangersBody, 0},
		"one that nobody reads":       {"GET", 100, false, 0, 0},
	} {
		k := &Kernel{bodies: newBodiesInWork()}
		asked := echo.New().NewContext(httptest.NewRequest(c.method, "/", nil), httptest.NewRecorder())
		asked.Request().ContentLength = c.length
		if c.user {
			asked.Set(callerKey, &identity.User{ID: 7})
		}
		err := k.admitBody(Route{Method: c.method, Access: AccessPublic}, func(echo.Context) error {
			if k.bodies.users.held != c.users || k.bodies.strangers.held != c.strangers || k.bodies.users.holders["7"] != c.users {
				t.Errorf("%s: users hold %d, strangers %d", name, k.bodies.users.held, k.bodies.strangers.held)
			}
			return nil
		})(asked)
		if err != nil || k.bodies.users.held+k.bodies.strangers.held != 0 {
			t.Errorf("%s: %v, and not all is given back", name, err)
		}
	}
}

// A body that does not come in its time ends its request.
func TestSlowBodiesEnd(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := echo.New().NewContext(r, w)
		c.Set(bodyLimitKey, BodyLimit{Bytes: 10, Members: 1, within: time.Millisecond})
		_, _, err := readBody(c)
		ended <- err
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	must(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
	must(t, err)
	if err := testkit.Await(t, "the request ends", ended); err == nil {
		t.Error("half of a body is taken for a body")
	}
}
