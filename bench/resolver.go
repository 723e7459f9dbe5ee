package bench

import (
	"context"
	"fmt"
	"net"
	"time"

	mdns "github.com/miekg/dns"
)

// resolver asks named as a client does, over one UDP socket. It serves one
// goroutine at a time.
type resolver struct {
	conn *net.UDPConn
	id   uint16
	buf  [4096]byte
}

// answerTimeout is how long a lost answer is waited for.
const answerTimeout = time.Second

func dialResolver(addr string) (*resolver, error) {
	to, err := net.ResolveUDPAddr("udp", addr)
	if err != nil {
		return nil, err
	}
	conn, err := net.DialUDP("udp", nil, to)
	if err != nil {
		return nil, err
	}
	return &resolver{conn: conn, id: mdns.Id()}, nil
}

func (r *resolver) close() { _ = r.conn.Close() } // nothing is owed to it

// ask returns named's answer.
func (r *resolver) ask(name string, rrtype uint16) (*mdns.Msg, error) {
	packed, err := r.question(name, rrtype)
	if err != nil {
		return nil, err
	}
	if _, err := r.conn.Write(packed); err != nil {
		return nil, err
	}
	if err := r.conn.SetReadDeadline(time.Now().Add(answerTimeout)); err != nil {
		return nil, err
	}
	for {
		n, err := r.conn.Read(r.buf[:])
		if err != nil {
			return nil, fmt.Errorf("ask for %s: %w", name, err)
		}
		m := new(mdns.Msg)
		if err := m.Unpack(r.buf[:n]); err == nil && m.Id == r.id {
			return m, nil
		}
	}
}

func (r *resolver) question(name string, rrtype uint16) ([]byte, error) {
	m := new(mdns.Msg)
	m.SetQuestion(name, rrtype)
	m.RecursionDesired = false
	r.id++
	m.Id = r.id
	return m.Pack()
}

// until asks until named answers with the address.
func (r *resolver) until(ctx context.Context, name, address string) error {
	return r.poll(ctx, name, mdns.TypeA, func(m *mdns.Msg) bool { return answers(m, address) })
}

// resolvers ask several nameds.
type resolvers []*resolver

// until returns when each of them answers with the address.
func (all resolvers) until(ctx context.Context, name, address string) error {
	for _, r := range all {
		if err := r.until(ctx, name, address); err != nil {
			return err
		}
	}
	return nil
}

func (all resolvers) poll(ctx context.Context, name string, rrtype uint16, wanted func(*mdns.Msg) bool) error {
	for _, r := range all {
		if err := r.poll(ctx, name, rrtype, wanted); err != nil {
			return err
		}
	}
	return nil
}

const (
	// pollPause is the time between an answer that is not the wanted one and the next question.
	pollPause = 200 * time.Microsecond
	// pollLimit is how long a change may take to be live.
	pollLimit = 60 * time.Second
)

// poll asks again and again until the answer is as wanted.
func (r *resolver) poll(ctx context.Context, name string, rrtype uint16, wanted func(*mdns.Msg) bool) error {
	for began := time.Now(); ; time.Sleep(pollPause) {
		m, err := r.ask(name, rrtype)
		if err == nil && wanted(m) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > pollLimit {
			return fmt.Errorf("%s is not live after %s (last error: %w)", name, pollLimit, err)
		}
	}
}

func answers(m *mdns.Msg, address string) bool {
	if !m.Authoritative {
		return false
	}
	for _, rr := range m.Answer {
		if a, ok := rr.(*mdns.A); ok && a.A.String() == address {
			return true
		}
	}
	return false
}
