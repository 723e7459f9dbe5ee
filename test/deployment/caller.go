package deployment

import (
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// Caller uses the REST APIs at an address, as the user who has logged in.
type Caller struct {
	t testing.TB
	// Address is host:port of the APIs.
	Address string
	scheme  string
	Client  *http.Client
	token   string
}

// NewCaller is one who is not logged in.
func NewCaller(t testing.TB, address string) *Caller {
	return &Caller{t: t, Address: address, scheme: "http", Client: &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{}}}
}

// URL is that of a target, a path with what follows it.
func (c *Caller) URL(target string) string { return c.scheme + "://" + c.Address + target }

// UseTLS has all calls encrypted from now on.
func (c *Caller) UseTLS(config *tls.Config) {
	c.scheme = "https"
	c.Client = &http.Client{Timeout: c.Client.Timeout, Transport: &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}}
}

// Within is the same user, with another patience.
func (c *Caller) Within(limit time.Duration) *Caller {
	other := *c
	other.Client = &http.Client{Timeout: limit, Transport: c.Client.Transport}
	return &other
}

// Login logs the admin in, with [Password].
func (c *Caller) Login() {
	c.t.Helper()
	c.LoginAs("admin", Password)
}

// LoginAs logs a user in.
func (c *Caller) LoginAs(name, password string) {
	c.t.Helper()
	reply, body := c.Call(http.MethodPost, "/auth/login_local", fmt.Sprintf(`{"username":%q,"password":%q}`, name, password))
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || reply.StatusCode != http.StatusOK {
		c.t.Fatalf("login: status %d, %v: %s", reply.StatusCode, err, body)
	}
	c.token = answer.Token
}

// Call makes one request and returns the reply with its whole body.
func (c *Caller) Call(method, target, body string) (*http.Response, string) {
	c.t.Helper()
	reply, text, err := c.Ask(method, target, body, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return reply, text
}

// Ask is call for what may fail on the way, under an Idempotency-Key unless that is empty.
func (c *Caller) Ask(method, target, body, key string) (*http.Response, string, error) {
	return c.ask(method, target, body, "Idempotency-Key", key)
}

// ask makes a request with one more header, unless that is empty.
func (c *Caller) ask(method, target, body, name, value string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.URL(target), strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", c.token)
	}
	if value != "" {
		req.Header.Set(name, value)
	}
	reply, err := c.Client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return reply, string(text), err
}

// write makes a request that must be carried out, and returns once it is to be read. As a client
// does, it repeats under one key what is answered by 503, as on a machine that is too busy.
func (c *Caller) write(method, target, body string) (reply *http.Response) {
	c.t.Helper()
	key := rand.Text()
	testkit.Eventually(c.t, method+" "+target+" is carried out", func() bool {
		var text string
		var err error
		reply, text, err = c.Ask(method, target, body, key)
		if err != nil {
			c.t.Fatalf("%s %s %s: %v", method, target, body, err)
		}
		switch reply.StatusCode {
		case http.StatusOK:
			return true
		case http.StatusServiceUnavailable:
			c.t.Logf("%s %s is repeated: %s", method, target, text)
			return false
		default:
			c.t.Fatalf("%s %s %s: status %d: %s", method, target, body, reply.StatusCode, text)
			return false
		}
	})
	c.Shown(reply)
	return reply
}

// Shown waits until the read models have the write, if the reply says that they were too busy.
func (c *Caller) Shown(reply *http.Response) {
	c.t.Helper()
	if reply.Header.Get("Opsledger-Pending") == "" {
		return
	}
	testkit.Eventually(c.t, "the read models have the write", func() bool {
		// This list reads all of them.
		list, _, err := c.ask(http.MethodGet, "/dns/oplogs?pageSize=1", "", "Opsledger-Min-Position", reply.Header.Get("Opsledger-Position"))
		return err == nil && list.StatusCode == http.StatusOK
	})
}

// Post posts, which must succeed.
func (c *Caller) Post(target, body string) *http.Response {
	c.t.Helper()
	return c.write(http.MethodPost, target, body)
}

// Put puts, which must succeed.
func (c *Caller) Put(target, body string) *http.Response {
	c.t.Helper()
	return c.write(http.MethodPut, target, body)
}

// Delete deletes, which must succeed.
func (c *Caller) Delete(target string) *http.Response {
	c.t.Helper()
	return c.write(http.MethodDelete, target, "")
}

// Created is the id of what the reply says was created.
func (c *Caller) Created(reply *http.Response) string {
	c.t.Helper()
	id := path.Base(reply.Header.Get("Location"))
	if _, err := strconv.Atoi(id); err != nil {
		c.t.Fatalf("Location %q", reply.Header.Get("Location"))
	}
	return id
}

// Position is where the reply says that its write ends in the log.
func Position(t testing.TB, reply *http.Response) int64 {
	t.Helper()
	at, err := strconv.ParseInt(reply.Header.Get("Opsledger-Position"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// PostLive is Post, and returns when named is proved to serve the change.
func (c *Caller) PostLive(target, body string) {
	c.t.Helper()
	c.Live(c.Post(target, body))
}

// Live waits until what the reply acknowledges is proved to be served, and is to be read.
func (c *Caller) Live(reply *http.Response) {
	c.t.Helper()
	c.Shown(reply)
	c.LiveAt(Position(c.t, reply))
}

// LiveAt is Live for a position.
func (c *Caller) LiveAt(position int64) {
	c.t.Helper()
	body := ""
	defer func() {
		if c.t.Failed() {
			c.t.Logf("change %d: %s", position, body)
		}
	}()
	testkit.Eventually(c.t, "the change is live", func() bool { // named may be on its way
		_, body = c.Call(http.MethodGet, fmt.Sprintf("/v1/changes/%d?wait=25s", position), "")
		return strings.Contains(body, `"INSYNC"`) && strings.Contains(body, `"percent":100`)
	})
}

// WantBody wants the parts in what is answered.
func (c *Caller) WantBody(target string, parts ...string) {
	c.t.Helper()
	_, body := c.Call(http.MethodGet, target, "")
	for _, part := range parts {
		if !strings.Contains(body, part) {
			c.t.Errorf("%s lacks %s: %s", target, part, body)
		}
	}
}

// Stream opens a stream of server-sent events behind the one with the id last, which may be
// empty. The reader must be closed.
func (c *Caller) Stream(target, last string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.URL(target), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Authorization", c.token)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	reply, err := c.Client.Do(req)
	if err != nil {
		return nil, err
	}
	if reply.StatusCode != http.StatusOK {
		_ = reply.Body.Close()
		return nil, fmt.Errorf("%s: status %d", target, reply.StatusCode)
	}
	return reply.Body, nil
}
