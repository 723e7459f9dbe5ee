package rest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/internal/testkit"
	"github.com/opsledger/opsledger/webhook"
	"github.com/opsledger/opsledger/workers/control/erasure"
)

// A receiver gets what its user sees in /v1/events, signed, in order and once.
func TestWebhooks(t *testing.T) {
	t.Parallel()
	ca := testkit.NewCA(t)
	s := newStack(t)
	s = s.reopened(func(c *config) {
		c.Webhooks.Sender = toLoopback(t, func(c *webhook.SenderConfig) { c.Roots = ca.Trust().RootCAs })
	})
	s.delivering(nil)
	r := newReceiver(t, ca, nil)
	s.addView("before")
	address := strings.Replace(r.url, "https://", "https://ops:p%40ss@", 1) + "/in?key=a%2Fb"
	got := s.done("POST", "/v1/webhooks", m{"url": address, "types": []string{"ViewDeleted", "ViewCreated", "ViewCreated"}}, with("Idempotency-Key", "k"))
	path, secret := got.header.Get("Location"), field(t, got.body, "secret")
	if again := s.done("POST", "/v1/webhooks", m{"url": address, "types": []string{"ViewDeleted", "ViewCreated", "ViewCreated"}}, with("Idempotency-Key", "k")); !strings.Contains(again.body, `"secret":null`) {
		t.Errorf("the secret is shown again: %s", again.body)
	}
	var views []string
	for i := range 5 {
		views = append(views, s.addView(fmt.Sprint("v", i)))
	}
	s.ok("PUT", "/dns/views/2", m{"name": "other", "acl": "any"}) // which it is not for
	s.ok("DELETE", "/dns/views/3", nil)
	views = append(views, s.position())
	log := s.store.LogID().String()
	for _, position := range views {
		m := r.next()
		if err := verifies(m, secret, true); err != nil {
			t.Errorf("%s: %v", m.raw, err)
		}
		event := s.done("GET", "/v1/events?order=asc&limit=1&after="+fmt.Sprint(m.Data.Position-1), nil).body
		if m.id != log+"-"+position || !strings.Contains(event, string(m.data)) || m.Type != m.Data.Type || !m.Timestamp.Equal(m.Data.Time) {
			t.Errorf("%s: %s, want that of %s: %s", m.id, m.raw, position, event)
		}
		if m.path != "/in?key=a%2Fb" || m.user != "ops:p@ss" || m.header.Get("Content-Type") != "application/json" {
			t.Errorf("it came to %s by %s as %s", m.path, m.user, m.header.Get("Content-Type"))
		}
	}
	if len(r.got) != 0 {
		t.Errorf("something came twice: %s", (<-r.got).id)
	}
	h := s.becomes(path, "ACTIVE")
	if *h.URL != address || fmt.Sprint(h.Types) != "[ViewCreated ViewDeleted]" || h.Attempts != 0 || *h.LastStatus != 200 || h.LastError != nil || h.Username != "admin" {
		t.Errorf("%+v", h)
	}
	for _, read := range []string{"/v1/events?resource=webhook:1", "/dns/oplogs?target_type=Webhook"} {
		text := s.done("GET", read, nil).body
		for _, hidden := range []string{"p@ss", "p%40ss", "a%2Fb", "key=", secret} {
			if strings.Contains(text, hidden) {
				t.Errorf("%s has %s: %s", read, hidden, text)
			}
		}
		if !strings.Contains(text, r.url) {
			t.Errorf("%s does not say where events go: %s", read, text)
		}
	}
	s.ok("DELETE", path, nil)
	if got := s.do("GET", path, nil); got.status != 404 {
		t.Errorf("deleted: %d", got.status)
	}
	s.noSecrets()
	if past := s.done("GET", path+"?as_of="+views[0], nil).body; !strings.Contains(past, `"url":null`) || !strings.Contains(past, `"state":null`) {
		t.Errorf("as of then: %s", past)
	}
}

// noSecrets waits until the vault has nothing of webhooks.
func (s *stack) noSecrets() {
	s.t.Helper()
	must(s.t, erasure.New(erasure.Config{Store: s.store, Vault: s.cfg.Vault}).Sweep(s.t.Context()))
	testkit.Eventually(s.t, "what the vault has of webhooks is destroyed", func() bool {
		var n int
		must(s.t, s.pool.QueryRow(s.t.Context(), "SELECT count(*) FROM vault.secrets WHERE kind = 'webhook'").Scan(&n))
		return n == 0
	})
}

// A webhook acts for its user, whose rights are those of the moment, and ends with them.
func TestWebhookActsForItsUser(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.delivering(nil)
	r := newReceiver(t, nil, nil)
	s.reader("alice")
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{access.RoleZoneGuest}})
	alice := as(s.login("alice", "secret"))
	path, secret := s.added(m{"url": r.url + "/secret"}, alice)
	add := func(host string) string {
		s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": host, "value": "192.0.2.1"})
		return s.position()
	}
	r.expect(add("seen"))
	s.ok("POST", "/dns/servers", aServer("1")) // which alice may not ACCESS
	r.expect(add("seen2"))
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{}})
	add("unseen")
	m1 := s.addView("last") // which everybody sees
	got := r.next()
	if got.position() != m1 || got.Data.Type != "ViewCreated" {
		t.Errorf("without rights: %s", got.raw)
	}
	if err := verifies(got, secret, true); err != nil {
		t.Error(err)
	}
	if body := s.done("GET", path, nil).body; strings.Contains(body, "/secret") || !strings.Contains(body, `"url":"`+r.url+`"`) {
		t.Errorf("an admin sees %s", body)
	}
	if list := s.done("GET", "/v1/webhooks", nil).body; !strings.Contains(list, `"username":"alice"`) || strings.Contains(list, "/secret") {
		t.Errorf("an admin sees %s", list)
	}
	bob := as(s.reader("bob"))
	for _, c := range []struct{ method, path string }{{"GET", path}, {"PUT", path}, {"DELETE", path}, {"POST", path + "/rotate"}, {"POST", path + "/test"}} {
		if got := s.do(c.method, c.path, m{}, bob); got.status != 404 {
			t.Errorf("%s %s by another: %d %s", c.method, c.path, got.status, got.body)
		}
	}
	if got := s.do("GET", "/v1/webhooks?user_id=2", nil, bob); got.status != 403 {
		t.Errorf("another's list: %d %s", got.status, got.body)
	}
	s.expect(s.do("GET", "/v1/webhooks", nil, bob), 200, `{"webhooks":[],"next":null}`)
	for _, body := range []m{{"url": r.url}, {"cursor": 0}, {"paused": true, "types": []string{}}} {
		if got := s.do("PUT", path, body); got.status != 403 {
			t.Errorf("an admin sets %v: %d %s", body, got.status, got.body)
		}
	}
	for _, action := range []string{"rotate", "test"} {
		if got := s.do("POST", path+"/"+action, nil); got.status != 403 {
			t.Errorf("%s by an admin: %d %s", action, got.status, got.body)
		}
	}
	s.ok("PUT", path, m{"paused": true})
	if h := s.hook(path); *h.State != "PAUSED" || *h.PausedBy != "user" {
		t.Errorf("%+v", h)
	}
	s.addView("paused")
	held := s.position()
	s.ok("PUT", path, m{"paused": false})
	for got = r.next(); got.position() != held; got = r.next() {
		if got.Type != "WebhookChanged" { // what admin did is not alice's to see
			continue
		}
		t.Errorf("%s", got.raw)
	}

	s.ok("DELETE", "/admin/users/2", nil)
	s.addView("after")
	if got := s.do("GET", path, nil); got.status != 404 {
		t.Errorf("without its user: %d %s", got.status, got.body)
	}
	s.noSecrets()
	testkit.Eventually(t, "nothing is kept of the delivery", func() bool {
		var n int
		must(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM control.webhooks").Scan(&n))
		return n == 0
	})
	if len(r.got) != 0 {
		t.Errorf("after its user: %s", (<-r.got).raw)
	}
}

// What fails is tried again, later and later, for a day; then, or when the receiver wants no more,
// it is given up and said, until somebody says otherwise.
func TestWebhookRetries(t *testing.T) {
	t.Parallel()
	s, c := newStack(t), newWatch()
	look, _ := s.delivering(c.now)
	status := make(chan int, 100)
	r := newReceiver(t, nil, func(w http.ResponseWriter, _ *http.Request, _ delivered) { w.WriteHeader(<-status) })
	status <- 503
	path, _ := s.added(m{"url": r.url, "types": []string{"ViewCreated"}})
	first := s.addView("v1")
	second := s.addView("v2")
	r.expect(first)
	h := s.becomes(path, "FAILING")
	if h.Attempts != 1 || *h.LastStatus != 503 || *h.LastError != "the receiver answered 503" || h.NextTry == nil || fmt.Sprint(h.Cursor) >= first {
		t.Errorf("%+v", h)
	}
	began := *h.FailingSince
	tries, longest := 1, time.Duration(0)
	for *h.State == "FAILING" {
		pause := h.NextTry.Sub(c.now())
		longest = max(longest, pause)
		if tries == 1 && (pause < 3*time.Second || pause > 7*time.Second) || pause > 80*time.Minute {
			t.Errorf("the %d. pause is %s", tries, pause)
		}
		c.forward(pause)
		status <- 500
		look()
		r.expect(first)
		tries++
		testkit.Eventually(t, "the attempt is noted", func() bool { h = s.hook(path); return h.Attempts == tries })
	}
	if lasted := c.now().Sub(began); lasted < 24*time.Hour-time.Second || lasted > 24*time.Hour+time.Second || longest < 45*time.Minute || tries > 60 {
		t.Errorf("it was tried %d times in %s, with pauses up to %s", tries, lasted, longest)
	}
	if *h.PausedBy != "failed" || h.NextTry != nil {
		t.Errorf("given up: %+v", h)
	}
	c.forward(48 * time.Hour)
	look()
	third := s.addView("v3")
	status <- 200
	status <- 200
	status <- 410
	s.ok("PUT", path, m{"paused": false})
	r.expect(first, second, third)
	if h = s.becomes(path, "PAUSED"); *h.PausedBy != "gone" || *h.LastStatus != 410 || fmt.Sprint(h.Cursor) < second {
		t.Errorf("410: %+v", h)
	}
	fourth := s.addView("v4")
	status <- 200
	status <- 200
	s.ok("PUT", path, m{})
	r.expect(third, fourth)
	if h = s.becomes(path, "ACTIVE"); h.FailingSince != nil || h.LastError != nil || h.Attempts != 0 {
		t.Errorf("delivered: %+v", h)
	}
	if len(r.got) != 0 {
		t.Errorf("too much: %s", (<-r.got).id)
	}
}

// The cursor can be set back, and what was delivered comes again with the same ids.
func TestWebhookCursor(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	s.delivering(nil)
	r := newReceiver(t, nil, nil)
	old := s.addView("old")
	path, _ := s.added(m{"url": r.url, "types": []string{"ViewCreated"}, "cursor": 0})
	one, two := s.addView("one"), s.addView("two")
	r.expect(old, one, two)
	s.ok("PUT", path, m{"cursor": old})
	r.expect(one, two)
	s.ok("PUT", path, m{"cursor": 0})
	three := s.addView("three")
	r.expect(old, one, two, three)
	testkit.Eventually(t, "the cursor is behind the last one", func() bool { return fmt.Sprint(s.hook(path).Cursor) >= three })
	s.failsWith(400, "PUT", path, m{"cursor": 1_000_000}, `"field":"cursor"`)
	s.failsWith(400, "PUT", path, m{"cursor": -1}, `"field":"cursor"`)
}

// While a secret is rotated, both sign; a day later the former one is destroyed.
func TestWebhookRotation(t *testing.T) {
	t.Parallel()
	s, c := newStack(t), newWatch()
	s = s.reopened(func(cfg *config) {
		cfg.Webhooks.Sender = toLoopback(t, func(cfg *webhook.SenderConfig) { cfg.Now = c.now })
	})
	look, _ := s.delivering(c.now)
	r := newReceiver(t, nil, nil)
	path, old := s.added(m{"url": r.url, "types": []string{"ViewCreated"}})
	s.addView("v1")
	if got := r.next(); verifies(got, old, true) != nil || strings.Contains(got.signature, " ") {
		t.Errorf("before: %s", got.signature)
	}
	rotated := s.done("POST", path+"/rotate", nil, with("Idempotency-Key", "k"))
	fresh := field(t, rotated.body, "secret")
	if again := s.done("POST", path+"/rotate", nil, with("Idempotency-Key", "k")); !strings.Contains(again.body, `"secret":null`) {
		t.Errorf("the secret is shown again: %s", again.body)
	}
	s.addView("v2")
	if got := r.next(); verifies(got, old, true) != nil || verifies(got, fresh, true) != nil || strings.Count(got.signature, "v1,") != 2 {
		t.Errorf("meanwhile: %s", got.signature)
	}
	if h := s.hook(path); h.FormerUntil == nil {
		t.Errorf("%+v", h)
	}
	newest := field(t, s.done("POST", path+"/rotate", nil).body, "secret")
	s.addView("v3")
	if got := r.next(); verifies(got, old, true) == nil || verifies(got, fresh, true) != nil || verifies(got, newest, true) != nil {
		t.Errorf("rotated twice: %s", got.signature)
	}
	c.forward(webhook.RotationLasts + time.Hour)
	s.addView("v4")
	if got := r.next(); verifies(got, fresh, false) == nil || verifies(got, newest, false) != nil {
		t.Errorf("after it: %s", got.signature)
	}
	look()
	testkit.Eventually(t, "the former key is destroyed", func() bool {
		var n int
		must(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM vault.secrets WHERE kind = 'webhook'").Scan(&n))
		return n == 3 // the address, the newest key, and the first one, which the eraser has not seen yet
	})
}

// Nothing but a status of 200 to 299 is success, nothing is followed, and of what comes back nothing
// is kept.
func TestWebhookReplies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	elsewhere := newReceiver(t, nil, nil)
	plain := newReceiver(t, testkit.NewCA(t), nil)
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	r := newReceiver(t, nil, func(w http.ResponseWriter, q *http.Request, _ delivered) {
		switch q.URL.Path {
		case "/redirect":
			http.Redirect(w, q, elsewhere.url, http.StatusTemporaryRedirect)
		case "/upgrade":
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			<-hang
		case "/cut":
			panic(http.ErrAbortHandler)
		case "/long":
			for q.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return
				}
			}
		case "/none":
			w.WriteHeader(http.StatusNoContent)
		}
	})
	s = s.reopened(func(c *config) {
		c.Webhooks.Sender = toLoopback(t, func(c *webhook.SenderConfig) {
			c.Allow = allowing(t, hostOf(r.url), hostOf(plain.url), hostOf(elsewhere.url), "127.0.0.1:1")
		})
	})
	for _, c := range []struct{ url, want string }{
		{r.url + "/", `"delivered":true,"status":200,"error":null`},
		{r.url + "/none", `"delivered":true,"status":204,"error":null`},
		{r.url + "/long", `"delivered":true,"status":200,"error":null`},
		{r.url + "/redirect", `"delivered":false,"status":307,"error":"the receiver answered 307: redirects are not followed"`},
		{r.url + "/upgrade", `"delivered":false,"status":101,"error":"the receiver answered 101"`},
		{r.url + "/cut", `"delivered":false,"status":null,"error":"the connection broke before there was an answer"`},
		{"http://127.0.0.1:1/", `"delivered":false,"status":null,"error":"connection refused"`},
		{plain.url, `"delivered":false,"status":null,"error":"the receiver's certificate is not of an authority that is trusted"`},
		{"https://name.invalid/", `"delivered":false,"status":null,"error":"`},
		{"https://localhost/", `"delivered":false,"status":null,"error":"the host is at an address that is not public, and opsledger was not started with --webhook-allow for it"`},
	} {
		user := as(s.reader(strings.Trim(strings.NewReplacer("/", "", ":", "", ".", "").Replace(c.url), ".")))
		path, secret := s.added(m{"url": c.url, "types": []string{"ViewCreated"}}, user)
		got := s.done("POST", path+"/test", nil, user)
		if !strings.Contains(got.body, c.want) {
			t.Errorf("%s: %s, want %s", c.url, got.body, c.want)
		}
		if !strings.Contains(c.want, `"delivered":true`) {
			continue
		}
		message := r.next()
		if err := verifies(message, secret, true); err != nil || message.Type != "test" || !strings.Contains(message.id, "-test-") {
			t.Errorf("%s: %v", message.raw, err)
		}
	}
	if len(elsewhere.got) != 0 {
		t.Error("a redirect was followed")
	}
}

func TestWebhookTestIsBounded(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	r := newReceiver(t, nil, nil)
	path, _ := s.added(m{"url": r.url})
	s.expect(s.do("POST", path+"/test", nil, with("Opsledger-Dry-Run", "true")), 400, `{"message":"Failed","error":"Opsledger-Dry-Run: 此请求不支持试运行！","field":"Opsledger-Dry-Run"}`)
	sent, got := 0, s.do("POST", path+"/test", nil)
	for ; got.status == 200 && sent < 1000; got = s.do("POST", path+"/test", nil) { // a slow machine earns some meanwhile
		sent++
	}
	if got.status != 429 || got.header.Get("Retry-After") != "10" {
		t.Errorf("%d %s %s", got.status, got.body, got.header.Get("Retry-After"))
	}
	if sent < 4 || len(r.got) != sent {
		t.Errorf("%d messages of %d", len(r.got), sent)
	}
}

func TestWebhookForms(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	good := m{"url": "https://hooks.example.com/x"}
	for _, url := range []any{
		nil, "", "hooks.example.com", "ftp://hooks.example.com", "https://", "https:///x", "https:hooks.example.com", "https://h.example/#f", "https://h.example:0/",
		"https://h.example:70000/", "https://h.example:/", "https://h example/", "https://bücher.example/", "https://1２7.0.0.1/", "http://8.8.8.8/",
		"https://10.0.0.1/", "https://169.254.169.254/latest", "https://[::1]/", "https://[fe80::1%25eth0]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::a00:1]/",
		"https://2130706433/", "https://0x7f.1/", "https://0177.0.0.1/", "https://127.1/", "https://192.168.1.1/", "https://100.100.100.200/",
		"https://h.example/" + strings.Repeat("x", 2048), "https://h.example/\n", 7,
	} {
		s.failsWith(400, "POST", "/v1/webhooks", m{"url": url}, `"field":"url"`)
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = "ViewCreated"
	}
	for field, body := range map[string]m{
		"types":    changed(good, "types", []string{"NoSuch"}),
		"resource": changed(good, "resource", "zone:x"),
		"cursor":   changed(good, "cursor", 1_000_000),
		"paused":   changed(good, "paused", "maybe"),
		"secret":   changed(good, "secret", "whsec_x"),
	} {
		s.failsWith(400, "POST", "/v1/webhooks", body, `"field":"`+field+`"`)
	}
	s.done("POST", "/v1/webhooks", changed(good, "types", many)) // which is one type
	if got := s.do("POST", "/v1/webhooks", good, with("Opsledger-Dry-Run", "true")); got.status != 200 || !strings.Contains(got.body, `"secret":null`) || !strings.Contains(got.body, `"target":null`) {
		t.Errorf("dry run: %d %s", got.status, got.body)
	}
	for range 19 {
		s.done("POST", "/v1/webhooks", good)
	}
	s.failsWith(400, "POST", "/v1/webhooks", good, "20")
	var kept int
	must(t, s.pool.QueryRow(t.Context(), "SELECT count(*) FROM vault.secrets WHERE kind = 'webhook'").Scan(&kept))
	if kept != 40 {
		t.Errorf("the vault has %d addresses and keys of 20 webhooks", kept)
	}
	for _, restrict := range []m{{"view": "v"}, {"restrict": m{"zones": []string{"a.example"}}}, {"restrict": m{"read_only": true}}} {
		if restrict["view"] != nil {
			s.addView("v")
		}
		token := as(s.credential(restrict))
		for _, c := range []struct{ method, path string }{{"POST", "/v1/webhooks"}, {"PUT", "/v1/webhooks/1"}, {"DELETE", "/v1/webhooks/1"}, {"POST", "/v1/webhooks/1/test"}, {"POST", "/v1/webhooks/1/rotate"}} {
			if got := s.do(c.method, c.path, good, token); got.status != 403 {
				t.Errorf("%s %s with %v: %d %s", c.method, c.path, restrict, got.status, got.body)
			}
		}
	}
}

// Rights are looked at for each message, also of one run.
func TestWebhookLooksAtRightsAgain(t *testing.T) {
	t.Parallel()
	s := withZones(t)
	s.delivering(nil)
	answer, came := make(chan struct{}, 10), make(chan struct{}, 10)
	r := newReceiver(t, nil, func(_ http.ResponseWriter, q *http.Request, _ delivered) {
		came <- struct{}{}
		select {
		case <-answer:
		case <-q.Context().Done():
		}
	})
	s.reader("alice")
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{access.RoleZoneGuest}})
	alice := as(s.login("alice", "secret"))
	before := s.position()
	for _, host := range []string{"one", "two"} {
		s.ok("POST", "/dns/records", m{"zone_id": 1, "view_name": "office", "host": host, "value": "192.0.2.1"})
	}
	last := s.addView("last")
	answer <- struct{}{}
	path, _ := s.added(m{"url": r.url, "types": []string{"RecordAdded", "ViewCreated"}, "cursor": last}, alice)
	s.addView("live")
	r.next() // so that what follows is one run
	testkit.Await(t, "the first message", came)
	s.ok("PUT", path, m{"cursor": before}, alice)
	testkit.Await(t, "the first one of the run", came)
	s.ok("PUT", "/admin/users/2", m{"role_ids": []int64{}})
	for range 4 {
		answer <- struct{}{}
	}
	if one, then := r.next(), r.next(); one.Data.Type != "RecordAdded" || then.Data.Type != "ViewCreated" {
		t.Errorf("%s, and without rights: %s", one.raw, then.raw)
	}
}
