package rest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/internal/testkit"
)

// logins are the routes with a body for who is not logged in.
var logins = []string{"/auth/login_local", "/auth/login_ldap", "/auth/register_local", "/api/login"}

// Who is not logged in may send 64 KiB, announced or not.
func TestStrangersSendLittle(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	none := with("Authorization", "")
	padding := func(size int) string {
		return `{"username":"` + strings.Repeat("a", size-len(`{"username":""}`)) + `"}`
	}
	const text = "请求正文超过64 KiB！"
	for _, path := range logins {
		if got := s.do("POST", path, padding(64<<10), none); got.status == http.StatusRequestEntityTooLarge {
			t.Errorf("%s refuses 64 KiB: %s", path, got.body)
		}
		got := s.do("POST", path, padding(64<<10+1), none)
		if got.status != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, text) {
			t.Errorf("%s takes more than 64 KiB: %d %s", path, got.status, got.body)
		}
		r, err := http.NewRequestWithContext(t.Context(), "POST", s.url+path, io.NopCloser(strings.NewReader(padding(64<<10+1))))
		must(t, err)
		if got := s.send(r); got.status != http.StatusRequestEntityTooLarge || !strings.Contains(got.body, text) {
			t.Errorf("%s takes more than 64 KiB that were not announced: %d %s", path, got.status, got.body)
		}
	}
}

// A client that sends all of its body before it looks for a reply finds one,
// whatever the reply is; one that asks before it sends need not send.
func TestEarlyRepliesAreSeen(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const large = 16 << 20 // more than the buffers between client and server hold
	for name, c := range map[string]struct {
		path, head string
		chunked    bool
		status     int
	}{
		"announced":           {"/auth/login_local", "", false, 413},
		"not announced":       {"/api/login", "", true, 413},
		"with a login":        {"/dns/views", "Authorization: " + s.admin + "\r\n", false, 413},
		"batch":               {"/v1/batch", "Authorization: " + s.admin + "\r\n", true, 413},
		"without a login":     {"/dns/views", "", true, 403},
		"with another method": {"/healthz", "", true, 405},
		"to nowhere":          {"/nowhere", "", false, 404},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			must(t, err)
			defer conn.Close()
			length := fmt.Sprintf("Content-Length: %d", large)
			body := bytes.Repeat([]byte(" "), large)
			if c.chunked {
				length = "Transfer-Encoding: chunked"
				body = fmt.Appendf(nil, "%x\r\n%s\r\n0\r\n\r\n", large, body)
			}
			must(t, conn.SetDeadline(time.Now().Add(testkit.Patience)))
			_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s%s\r\n\r\n", c.path, c.head, length)
			must(t, err)
			if _, err := conn.Write(body); err != nil {
				t.Fatalf("the connection ended while the body was sent: %v", err)
			}
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			must(t, err)
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if must(t, err); response.StatusCode != c.status || len(text) == 0 {
				t.Errorf("%d %s", response.StatusCode, text)
			}
		})
	}
	t.Run("who asks first", func(t *testing.T) {
		t.Parallel()
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		must(t, err)
		defer conn.Close()
		must(t, conn.SetDeadline(time.Now().Add(testkit.Patience)))
		_, err = fmt.Fprintf(conn, "POST /auth/login_local HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", large)
		must(t, err)
		text, err := io.ReadAll(conn) // the server ends the connection at once: nobody knows whether a body comes
		if err != nil || !bytes.HasPrefix(text, []byte("HTTP/1.1 413 ")) {
			t.Errorf("%v %s", err, text)
		}
	})
}

// However many members come, in whatever form, they are counted before they are read.
func TestManyMembers(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	const most = 10_000
	list := func(n int) string { return "[" + strings.Repeat("1,", n-1) + "1]" }
	object := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		return "{" + b.String()[1:] + "}"
	}
	form := with("Content-Type", "application/x-www-form-urlencoded")
	fields, multipartType := multipartOf(t, map[string]string{"name": "r", "privilege_ids": list(most + 1)})
	none := with("Authorization", "")
	for name, c := range map[string]struct {
		path, body string
		options    []func(*http.Request)
		most       int
	}{
		"object of a stranger":   {"/auth/login_local", object(most + 1)[:60_000] + `}`, []func(*http.Request){none}, 0},
		"list of a stranger":     {"/api/login", `{"name":` + list(most+1) + `}`, []func(*http.Request){none}, most},
		"form of a stranger":     {"/auth/login_local", strings.Repeat("a=&", most), []func(*http.Request){none, form}, most},
		"object":                 {"/admin/roles", object(most + 1), nil, most},
		"list":                   {"/admin/roles", `{"name":"r","privilege_ids":` + list(most+1) + `}`, nil, most},
		"list in a form":         {"/admin/roles", "name=r&privilege_ids=" + list(most+1), []func(*http.Request){form}, most},
		"list in a multipart":    {"/admin/roles", fields, []func(*http.Request){with("Content-Type", multipartType)}, most},
		"repeated key in a form": {"/admin/roles", "name=r" + strings.Repeat("&privilege_ids=1", most), []func(*http.Request){form}, most},
		"object within":          {"/api/task", `{"action":"add","data":` + object(most+1) + `}`, nil, most},
		"operations":             {"/v1/batch", `{"operations":` + list(10*most+1) + `}`, nil, 10 * most},
		"many lists":             {"/api/user", `{"action":"add","data":[` + strings.Repeat(list(most)+",", 3) + `1]}`, nil, most},
	} {
		want := fmt.Sprintf("body: 一个对象或列表不能超过%d个成员！", c.most)
		got := s.do("POST", c.path, c.body, c.options...)
		if c.most == 0 { // fewer than are counted fit into 64 KiB
			want = "不能为空"
		}
		if !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %.200s", name, got.status, got.body)
		}
	}
	if got := s.do("POST", "/dns/bind_conf", "bind_conf=//"+strings.Repeat("{,", 3*most), form); strings.Contains(got.body, "成员") {
		t.Errorf("a text is no list: %s", got.body)
	}
	deep := s.do("POST", "/admin/roles", `{"name":`+strings.Repeat("[", 1<<20)+strings.Repeat("]", 1<<20)+`}`)
	s.expect(deep, 400, failedWith("body: 嵌套不能超过64层！"))
	if got := s.do("POST", "/admin/roles", `{"name":"large","privilege_ids":`+list(most)+`}`); strings.Contains(got.body, "成员") {
		t.Errorf("%d ids are too many: %s", most, got.body)
	}
	operations := strings.Repeat(`{"method":"POST","path":"/dns/records","body":{"zone_id":1,"view_name":"v","host":"@","record_type":"A","ttl":600,"value":"x","comment":""}},`, most)
	if got := s.do("POST", "/v1/batch", `{"operations":[`+strings.TrimSuffix(operations, ",")+`]}`); strings.Contains(got.body, "成员") {
		t.Errorf("%d whole operations are too many: %.200s", most, got.body)
	}
}

func multipartOf(t *testing.T, fields map[string]string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name, value := range fields {
		must(t, w.WriteField(name, value))
	}
	must(t, w.Close())
	return out.String(), w.FormDataContentType()
}

// One address cannot keep others from logging in by bodies that it does not finish,
// and gets its own bytes back when it goes away.
func TestUnfinishedBodies(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9)}}
	var held []net.Conn
	for n := range 20 { // more than an address may have, announced or not
		length := fmt.Sprintf("Content-Length: %d\r\n\r\n", api.MaxStrangersBody)
		if n%2 == 0 {
			length = "Transfer-Encoding: chunked\r\n\r\n1\r\n"
		}
		conn, err := from.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
		must(t, err)
		defer conn.Close()
		_, err = fmt.Fprintf(conn, "POST /api/login HTTP/1.1\r\nHost: x\r\n%s{", length)
		must(t, err)
		held = append(held, conn)
	}
	s.login("admin", adminPassword)
	response, err := http.ReadResponse(bufio.NewReader(firstAnswered(t, held)), nil)
	must(t, err)
	defer response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("beyond the bytes of one address: %s", response.Status)
	}
	for _, conn := range held {
		must(t, conn.Close())
	}
	there := &http.Client{Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}}
	login := func() int {
		r, err := there.Post(s.url+"/api/login", "application/json", strings.NewReader(`{"name":"admin","password":"`+adminPassword+`"}`))
		must(t, err)
		defer r.Body.Close()
		return r.StatusCode
	}
	if status := login(); status != http.StatusOK {
		t.Errorf("the address itself: %d", status)
	}
}

// firstAnswered is the first of the connections on which something comes.
func firstAnswered(t *testing.T, conns []net.Conn) io.Reader {
	t.Helper()
	answered := make(chan io.Reader, len(conns))
	for _, conn := range conns {
		go func() {
			r := bufio.NewReader(conn)
			if _, err := r.Peek(1); err == nil {
				answered <- r
			}
		}()
	}
	return testkit.Await(t, "one is answered", answered)
}
