package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/internal/datafolder"
)

// client asks a running opsledger by its API.
type client struct {
	Data, URL, Token, CAFile string

	http *http.Client
}

func (c *client) flags() []cli.Flag {
	return group("The opsledger to ask",
		textFlag("url", "`URL` of its APIs (default: those of the one that runs on --data)", "", &c.URL),
		textFlag("data", "`folder` of an opsledger that runs on this machine", "./data", &c.Data),
		textFlag("token", "`token` of a login: POST /auth/login_local replies with one", "", &c.Token),
		textFlag("ca", "`file` with the certificate (PEM) that signed that of an https URL, where the system does not know it", "", &c.CAFile),
	)
}

// complete finds what was not given.
func (c *client) complete() error {
	if c.Token == "" {
		return errors.New("--token: is missing; POST /auth/login_local replies with one, and it is also read from OPSLEDGER_TOKEN")
	}
	if c.URL == "" {
		running, err := datafolder.ReadRunning(c.Data)
		if err != nil {
			return fmt.Errorf("--url: is missing, and no opsledger is known to run on --data: %w", err)
		}
		c.URL = running.API()
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	if u, err := url.Parse(c.URL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--url: %q is no http or https URL", c.URL)
	}
	return nil
}

// connected is the one client of all requests, with the certificate that was given.
func (c *client) connected() (*http.Client, error) {
	if c.http != nil {
		return c.http, nil
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	if c.CAFile != "" {
		text, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, named("--ca", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, errors.New("--ca: there is no certificate in the file")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	c.http = &http.Client{Transport: t}
	return c.http, nil
}

// do sends a request, and returns the reply if it is 200 or 202. The caller closes its body.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body io.Reader, header http.Header) (*http.Response, error) {
	address := c.URL + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Authorization", c.Token)
	r.Header.Set("Opsledger-Language", "en")
	by, err := c.connected()
	if err != nil {
		return nil, err
	}
	reply, err := by.Do(r)
	if err != nil {
		return nil, err
	}
	if reply.StatusCode == http.StatusOK || reply.StatusCode == http.StatusAccepted {
		return reply, nil
	}
	defer reply.Body.Close()
	return nil, refusalOf(reply)
}

// refusal is what the API says of a request that it does not carry out.
type refusal struct {
	Status string
	Text   string
	// Lines are those of a file that were refused, 0 for none, Operations those of a batch.
	Lines      []refusedLine
	Operations []refusedOperation
}

type refusedOperation struct {
	Index int
	Error string
}

type refusedLine struct {
	Line  int
	Error string
}

func (r *refusal) Error() string { return printable(r.text()) }

func (r *refusal) text() string {
	if len(r.Lines) == 0 {
		return r.Status + ": " + r.Text
	}
	lines := make([]string, len(r.Lines))
	for i, l := range r.Lines {
		if lines[i] = l.Error; l.Line > 0 {
			lines[i] = fmt.Sprintf("line %d: %s", l.Line, l.Error)
		}
	}
	return strings.Join(lines, "\n")
}

// refusalOf says why a request was refused, by line where it was a file's.
func refusalOf(reply *http.Response) error {
	const most = 1 << 20
	text, err := io.ReadAll(io.LimitReader(reply.Body, most))
	if err != nil {
		return err
	}
	var said struct {
		Message, Error string
		Errors         []refusedLine
		Results        []refusedOperation
	}
	if err := json.Unmarshal(text, &said); err != nil {
		return &refusal{Status: reply.Status, Text: fmt.Sprintf("%.200s", text)}
	}
	return &refusal{Status: reply.Status, Text: cmp.Or(said.Error, said.Message), Lines: said.Errors, Operations: said.Results}
}

// write sends a change, and returns the id of what it creates, 0 for what creates nothing, and the
// reply. The API is asked to carry it out once.
func (c *client) write(ctx context.Context, method, path string, change, to any) (id int64, err error) {
	reply, err := c.send(ctx, method, path, change, http.Header{"Idempotency-Key": {rand.Text()}})
	if err != nil {
		return 0, err
	}
	defer reply.Body.Close()
	if text := reply.Header.Get("Opsledger-Id"); text != "" {
		if id, err = strconv.ParseInt(text, 10, 64); err != nil {
			return 0, err
		}
	}
	return id, json.NewDecoder(reply.Body).Decode(to)
}

// try asks what a change would do, and returns what there is to warn of.
func (c *client) try(ctx context.Context, method, path string, change any) (warnings []string, err error) {
	reply, err := c.send(ctx, method, path, change, http.Header{"Opsledger-Dry-Run": {"true"}})
	if err != nil {
		return nil, err
	}
	return warningsOf(reply), reply.Body.Close()
}

// send sends a change as JSON. The caller closes the reply's body.
func (c *client) send(ctx context.Context, method, path string, change any, header http.Header) (*http.Response, error) {
	body, err := json.Marshal(change)
	if err != nil {
		return nil, err
	}
	header.Set("Content-Type", "application/json")
	return c.do(ctx, method, path, nil, bytes.NewReader(body), header)
}

// ask reads a reply of JSON.
func (c *client) ask(ctx context.Context, path string, query url.Values, to any) error {
	reply, err := c.do(ctx, http.MethodGet, path, query, nil, nil)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	return json.NewDecoder(reply.Body).Decode(to)
}
