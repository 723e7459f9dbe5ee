package main

import (
	"encoding/json"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/opsledger/opsledger/internal/testkit"
)

// caller uses the REST APIs at an address, as user admin.
type caller struct {
	t       *testing.T
	address string
	client  *http.Client
	token   string
}

func newCaller(t *testing.T, address string) *caller {
	return &caller{t: t, address: address, client: &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{}}}
}

func (c *caller) login() {
	c.t.Helper()
	reply, body := c.call(http.MethodPost, "/auth/login_local", `{"username":"admin","password":"`+testPassword+`"}`)
	var answer struct{ Token string }
	if err := json.Unmarshal([]byte(body), &answer); err != nil || reply.StatusCode != http.StatusOK {
		c.t.Fatalf("login: status %d, %v: %s", reply.StatusCode, err, body)
	}
	c.token = answer.Token
}

// call makes one request and returns the reply with its whole body.
func (c *caller) call(method, target, body string) (*http.Response, string) {
	c.t.Helper()
	reply, text, err := c.ask(method, target, body, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return reply, text
}

// ask is call for what may fail on the way, under an Idempotency-Key unless that is empty.
func (c *caller) ask(method, target, body, key string) (*http.Response, string, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), method, "http://"+c.address+target, strings.NewReader(body))
	if err != nil {
		return nil, "", err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", c.token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	reply, err := c.client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	return reply, string(text), err
}

func (c *caller) write(method, target, body string) *http.Response {
	c.t.Helper()
	reply, text := c.call(method, target, body)
	if reply.StatusCode != http.StatusOK {
		c.t.Fatalf("%s %s %s: status %d: %s", method, target, body, reply.StatusCode, text)
	}
	return reply
}

func (c *caller) post(target, body string) *http.Response {
	c.t.Helper()
	return c.write(http.MethodPost, target, body)
}

func (c *caller) put(target, body string) *http.Response {
	c.t.Helper()
	return c.write(http.MethodPut, target, body)
}

func (c *caller) delete(target string) *http.Response {
	c.t.Helper()
	return c.write(http.MethodDelete, target, "")
}

// created is the id of what the reply says was created.
func (c *caller) created(reply *http.Response) string {
	c.t.Helper()
	id := path.Base(reply.Header.Get("Location"))
	if _, err := strconv.Atoi(id); err != nil {
		c.t.Fatalf("Location %q", reply.Header.Get("Location"))
	}
	return id
}

// position is where the reply says that its write ends in the log.
func position(t *testing.T, reply *http.Response) int64 {
	t.Helper()
	at, err := strconv.ParseInt(reply.Header.Get("Opsledger-Position"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// live waits until the change is proved to be served.
func (c *caller) live(position string) {
	c.t.Helper()
	_, body := c.call(http.MethodGet, "/v1/changes/"+position+"?wait=20s", "")
	if !strings.Contains(body, `"INSYNC"`) || !strings.Contains(body, `"percent":100`) {
		c.t.Fatalf("change %s: %s", position, body)
	}
}

func (c *caller) wantBody(target string, parts ...string) {
	c.t.Helper()
	_, body := c.call(http.MethodGet, target, "")
	for _, part := range parts {
		if !strings.Contains(body, part) {
			c.t.Errorf("%s lacks %s: %s", target, part, body)
		}
	}
}
