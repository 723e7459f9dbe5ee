package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

const (
	// MaxOctets bounds what the records of a zone have, as text: what an import takes.
	MaxOctets = 64 << 20
	// dialTimeout and messageTimeout are how long a name server may take to begin, and to send
	// the next message: that of a large zone first reads it.
	dialTimeout, messageTimeout = 10 * time.Second, time.Minute
	// fudge is how far the clocks of both ends may be apart, in seconds.
	fudge = 300
)

// Source is a name server that holds the zone.
type Source struct {
	// Address is host:port.
	Address string
	// Key is nil for a transfer that is not signed.
	Key *Key
}

// Zone is a zone that was transferred.
type Zone struct {
	// Text is its master file: names are absolute, and each record has its TTL.
	Text []byte
	// Serial is that of its SOA, Records how many records the text has.
	Serial  uint32
	Records int
	// LeftOut counts what the zone's signer had made, and is not in the text.
	LeftOut int
}

// Fetch transfers a zone. progress is told now and then how many records have come.
func (s Source) Fetch(ctx context.Context, zone string, progress func(records int)) (Zone, error) {
	zone = mdns.CanonicalName(zone)
	messages, end, err := s.begin(ctx, zone)
	if err != nil {
		return Zone{}, s.failed(ctx, zone, err)
	}
	defer end()
	c := collector{zone: zone}
	for m := range messages {
		err := m.Error
		if err == nil {
			err = c.add(m.RR)
		}
		if err != nil {
			return Zone{}, s.failed(ctx, zone, err)
		}
		progress(c.seen)
	}
	z, err := c.end()
	if err != nil {
		return Zone{}, s.failed(ctx, zone, err)
	}
	return z, nil
}

// failed says which transfer it was that failed.
func (s Source) failed(ctx context.Context, zone string, err error) error {
	var code int
	if n, _ := fmt.Sscanf(err.Error(), "dns: bad xfr rcode: %d", &code); n == 1 {
		err = fmt.Errorf("it answers %s", mdns.RcodeToString[code])
	}
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("transfer %s from %s: %w", zone, s.Address, err)
}

// begin asks for the zone. After end nothing goes on.
func (s Source) begin(ctx context.Context, zone string) (messages <-chan *mdns.Envelope, end func(), err error) {
	conn, err := (&net.Dialer{Timeout: dialTimeout}).DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // which ends the reading
	t := &mdns.Transfer{Conn: &mdns.Conn{Conn: conn}, ReadTimeout: messageTimeout}
	ask := new(mdns.Msg).SetAxfr(zone)
	if s.Key != nil {
		t.TsigSecret = map[string]string{s.Key.Name: s.Key.Secret} // each message must be signed then
		ask.SetTsig(s.Key.Name, s.Key.Algorithm, fudge, time.Now().Unix())
	}
	received, err := t.In(ask, s.Address)
	if err != nil {
		stop()
		return nil, nil, errors.Join(err, conn.Close())
	}
	return received, func() {
		stop()
		_ = conn.Close()     // it is closed already where the transfer has come to its end
		for range received { // until the reader has ended
		}
	}, nil
}

// collector writes the records of a transfer as they come.
//
// Invariants:
//  1. The text is a whole zone: it begins with the zone's SOA, and it is complete when the same SOA
//     has come again. What breaks off before is an error, and so is what comes behind.
//  2. Records that a signer makes of a zone are no part of it: see [dns.MadeBySigner]. Its keys are
//     none either, if there are signatures.
//  3. Octets are counted before they are kept.
type collector struct {
	zone   string
	text   bytes.Buffer
	keys   []string
	soa    *mdns.SOA
	octets int
	// seen counts all records, kept those of the text, signed what a signer made.
	seen, kept, signed int
	complete           bool
}

func (c *collector) add(records []mdns.RR) error {
	for _, rr := range records {
		if err := c.record(rr); err != nil {
			return err
		}
	}
	return nil
}

func (c *collector) record(rr mdns.RR) error {
	if c.complete {
		return errors.New("records follow the end of the zone")
	}
	if c.seen++; rr.Header().Class != mdns.ClassINET {
		return errors.New("a record's class is not IN")
	}
	soa, isSOA := rr.(*mdns.SOA)
	switch {
	case isSOA && mdns.CanonicalName(soa.Hdr.Name) != c.zone:
		return fmt.Errorf("the SOA is that of %s", soa.Hdr.Name)
	case isSOA && c.soa == nil:
		c.soa = soa
	case isSOA && soa.Serial != c.soa.Serial:
		return fmt.Errorf("it begins with serial %d and ends with %d", c.soa.Serial, soa.Serial)
	case isSOA:
		c.complete = true
		return nil
	case c.soa == nil:
		return errors.New("it does not begin with the zone's SOA")
	}
	return c.keep(rr)
}

func (c *collector) keep(rr mdns.RR) error {
	line, err := zonedata.Line(rr)
	if err != nil {
		return err
	}
	if c.octets += len(line) + 1; c.octets > MaxOctets {
		return fmt.Errorf("the zone's text is larger than %d MiB", MaxOctets>>20)
	}
	switch rrtype := rr.Header().Rrtype; {
	case dns.MadeBySigner(rrtype):
		c.signed++
	case dns.KeyOfSigner(rrtype):
		c.keys = append(c.keys, line)
	default:
		c.write(line)
	}
	return nil
}

func (c *collector) write(line string) {
	c.text.WriteString(line)
	c.text.WriteByte('\n')
	c.kept++
}

// end is called when no more comes.
func (c *collector) end() (Zone, error) {
	if !c.complete {
		return Zone{}, errors.New("it has broken off")
	}
	if c.signed > 0 {
		c.signed += len(c.keys)
	} else {
		for _, line := range c.keys {
			c.write(line)
		}
	}
	return Zone{Text: c.text.Bytes(), Serial: c.soa.Serial, Records: c.kept, LeftOut: c.signed}, nil
}
