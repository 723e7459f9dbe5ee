package dnsclient

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	mdns "github.com/miekg/dns"
)

// Transfer fetches a whole zone (AXFR) and calls each for every record except the
// closing SOA, the first SOA first. It returns [RcodeError] if named refuses. The
// records are the whole zone only if the error is nil. After another error than
// RcodeError the connection cannot be used any more.
func (c *Conn) Transfer(ctx context.Context, key Key, zone string, each func(mdns.RR)) error {
	defer c.guard(ctx)()
	m := new(mdns.Msg)
	m.SetAxfr(zone)
	packed, mac, err := signed(key, m)
	if err != nil {
		return err
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(len(packed)))
	if _, err := c.net.Write(append(out, packed...)); err != nil {
		return fmt.Errorf("ask named for zone %s: %w", zone, err)
	}
	t := transfer{conn: c, key: key, id: m.Id, mac: mac, each: each}
	for first := true; !t.done; first = false {
		if err := t.next(first); err != nil {
			return err
		}
	}
	return nil
}

// transfer is the state of one AXFR: it ends with the second SOA.
type transfer struct {
	conn *Conn
	key  Key
	id   uint16
	mac  string
	each func(mdns.RR)
	open bool
	done bool
}

func (t *transfer) next(first bool) error {
	raw, err := t.conn.read()
	if err != nil {
		return fmt.Errorf("zone transfer: %w", err)
	}
	m := new(mdns.Msg)
	if err := m.Unpack(raw); err != nil {
		return fmt.Errorf("zone transfer: %w", err)
	}
	if m.Id != t.id {
		return errors.New("zone transfer: reply to another question")
	}
	if err := verify(raw, m, t.key, t.mac, !first); err != nil {
		return fmt.Errorf("zone transfer: %w", err)
	}
	if m.Rcode != mdns.RcodeSuccess {
		return RcodeError(m.Rcode)
	}
	t.mac = m.IsTsig().MAC
	return t.take(m.Answer)
}

func (t *transfer) take(rrs []mdns.RR) error {
	for _, rr := range rrs {
		_, isSOA := rr.(*mdns.SOA)
		switch {
		case t.done, !t.open && !isSOA:
			return errors.New("zone transfer: records outside the zone's SOAs")
		case t.open && isSOA:
			t.done = true
			continue
		}
		t.open = true
		t.each(rr)
	}
	if len(rrs) == 0 {
		return errors.New("zone transfer: empty message")
	}
	return nil
}
