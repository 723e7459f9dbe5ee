package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/opsledger/opsledger/domain/plainjson"
	"github.com/opsledger/opsledger/internal/publicdial"
)

const (
	// DefaultWithin is how long a receiver may take to answer.
	DefaultWithin = 10 * time.Second
	// maxReply bounds what is read of a reply, of which nothing is kept, so that the connection
	// may serve again; maxReplyHeader bounds its header.
	maxReply, maxReplyHeader = 4 << 10, 16 << 10
	// idleFor is how long a connection is kept, and idleOfHost, idleAll how many are.
	idleFor             = 60 * time.Second
	idleOfHost, idleAll = 4, 512
)

// SenderConfig says how messages are sent; all of it may be left out.
type SenderConfig struct {
	// Allow is where messages may be sent besides public addresses, and by http.
	Allow []publicdial.Allowed
	// Within is DefaultWithin if it is 0.
	Within time.Duration
	// Roots are the authorities that receivers' certificates are checked by, the system's if nil.
	Roots *x509.CertPool
	// Resolver is the system's if nil.
	Resolver *net.Resolver
	// Now is the clock of the messages' timestamps, that of the system if nil.
	Now func() time.Time
}

// Sender sends messages.
//
// Invariants:
//  1. A connection leads where package publicdial lets it; one in clear only to what is allowed. No
//     proxy is asked, whatever the environment says, and no redirect is followed.
//  2. Of a reply, the status alone is kept, and a bounded part of it is read.
//  3. Whatever a receiver does or leaves undone, an attempt ends and holds nothing when Within is over.
type Sender struct {
	cfg           SenderConfig
	clear, secure *publicdial.Dialer
	client        http.Client
	transports    map[string]*http.Transport
}

// NewSender returns a Sender.
func NewSender(cfg SenderConfig) *Sender {
	if cfg.Within == 0 {
		cfg.Within = DefaultWithin
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Sender{
		cfg:    cfg,
		clear:  &publicdial.Dialer{Allow: cfg.Allow, Only: true, Resolver: cfg.Resolver},
		secure: &publicdial.Dialer{Allow: cfg.Allow, Resolver: cfg.Resolver},
	}
	s.transports = map[string]*http.Transport{"http": s.transport(s.clear), "https": s.transport(s.secure)}
	s.client = http.Client{Transport: s, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s
}

func (s *Sender) transport(d *publicdial.Dialer) *http.Transport {
	return &http.Transport{
		DialContext: d.DialContext, TLSClientConfig: &tls.Config{RootCAs: s.cfg.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: s.cfg.Within, DisableCompression: true, MaxResponseHeaderBytes: maxReplyHeader,
		MaxIdleConns: idleAll, MaxIdleConnsPerHost: idleOfHost, IdleConnTimeout: idleFor,
	}
}

// dialer is that of a scheme.
func (s *Sender) dialer(scheme string) *publicdial.Dialer {
	if scheme == "http" {
		return s.clear
	}
	return s.secure
}

// RoundTrip implements [http.RoundTripper] for the Sender's own client.
func (s *Sender) RoundTrip(r *http.Request) (*http.Response, error) {
	return s.transports[r.URL.Scheme].RoundTrip(r)
}

// Close closes the connections that nobody uses.
func (s *Sender) Close() {
	for _, t := range s.transports {
		t.CloseIdleConnections()
	}
}

// Message is what is sent.
type Message struct {
	// ID is the same for every repeat.
	ID   string
	Type string
	// At is when it happened that the message tells of.
	At   time.Time
	Data json.RawMessage
}

// Send sends a message.
func (s *Sender) Send(ctx context.Context, to Target, m Message) Outcome {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Within)
	defer cancel()
	began := time.Now()
	status, err := s.send(ctx, to, m)
	return Outcome{Status: status, Err: err, Took: time.Since(began), within: s.cfg.Within}
}

func (s *Sender) send(ctx context.Context, to Target, m Message) (status int, err error) {
	body, err := plainjson.Line(struct {
		Type      string          `json:"type"`
		Timestamp time.Time       `json:"timestamp"`
		Data      json.RawMessage `json:"data"`
	}{m.Type, m.At.UTC(), m.Data})
	if err != nil {
		return 0, err
	}
	timestamp := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	signature, err := sign(to.secrets, m.ID, timestamp, body)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header = http.Header{
		"Content-Type": {"application/json"}, "User-Agent": {"opsledger"},
		"Webhook-Id": {m.ID}, "Webhook-Timestamp": {timestamp}, "Webhook-Signature": {signature},
	}
	reply, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	if reply.StatusCode != http.StatusSwitchingProtocols { // whose body is the connection, which no deadline ends
		_, _ = io.CopyN(io.Discard, reply.Body, maxReply)
	}
	_ = reply.Body.Close()
	return reply.StatusCode, nil
}
