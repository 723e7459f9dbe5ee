package workload

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/opsledger/opsledger/internal/testkit"
)

// answer is a reply that says for certain what became of a request.
type answer struct {
	status   int
	position int64
	// id is that of the resource that was created, 0 without one.
	id      int64
	pending bool
	body    []byte
}

// write repeats a write until it is carried out or refused, and reports whether
// it was carried out. An acknowledged write must be exactly one event of the type.
func (c *client) write(event, method, target string, body map[string]any) (answer, bool) {
	return c.append([]string{event}, method, target, body)
}

// append is write for what must be one event of each of the types, in this
// order and with none of others between them.
func (c *client) append(events []string, method, target string, body map[string]any) (answer, bool) {
	key := fmt.Sprintf("client %d write %d", c.id, c.next())
	give := time.Now().Add(2 * testkit.Patience)
	for {
		a, err := c.ask(method, target, key, 0, body)
		switch {
		case err == nil && a.refused():
			return a, false
		case err == nil && a.status == http.StatusOK:
			c.w.acknowledged(c.id, a.position, events)
			c.acks.Add(1)
			c.w.tell()
			return a, true
		case err == nil && a.status != http.StatusServiceUnavailable && a.status != http.StatusTooManyRequests:
			c.w.t.Errorf("%s %s %v: status %d: %s", method, target, body, a.status, a.body)
			return a, false
		case time.Now().After(give):
			c.w.t.Errorf("%s %s is not answered: %v, status %d: %s", method, target, err, a.status, a.body)
			return a, false
		}
		time.Sleep(50 * time.Millisecond) // it is a fault's time, or too many ask; a client pauses before it repeats
	}
}

// refused says whether the reply is to what cannot be done, in either dialect.
func (a answer) refused() bool {
	switch a.status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusPreconditionFailed:
		return true
	default:
		return a.status == http.StatusOK && bytes.HasPrefix(a.body, []byte(`{"ok":false`))
	}
}

// ask makes one request. Errors are those of the connection.
func (c *client) ask(method, target, key string, least int64, body map[string]any) (answer, error) {
	var text io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		text = bytes.NewReader(encoded)
	}
	req, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.site.Serve.URL(target), text)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", cmp.Or(c.token, c.w.token))
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if least > 0 {
		req.Header.Set("Opsledger-Min-Position", strconv.FormatInt(least, 10))
	}
	reply, err := c.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer reply.Body.Close()
	a := answer{status: reply.StatusCode, pending: reply.Header.Get("Opsledger-Pending") != ""}
	a.position, _ = strconv.ParseInt(reply.Header.Get("Opsledger-Position"), 10, 64)
	a.id, _ = strconv.ParseInt(path.Base(reply.Header.Get("Location")), 10, 64)
	a.body, err = io.ReadAll(reply.Body)
	return a, err
}

// seen reads a resource back, as of the write that was just acknowledged. While
// a fault lasts there may be no answer, but there is never a wrong one.
func (c *client) seen(target string, since int64, want int, part string) {
	a, err := c.ask(http.MethodGet, target, "", since, nil)
	if err != nil || a.status == http.StatusServiceUnavailable {
		return
	}
	if a.status != want || !bytes.Contains(a.body, []byte(part)) {
		c.w.t.Errorf("%s as of %d: status %d: %s; want %d with %s", target, since, a.status, a.body, want, part)
	}
}
