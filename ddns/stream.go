package ddns

import (
	"context"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// messageRoom is how long a message of a transfer is at most, but for a record that is longer alone.
const messageRoom = 32 << 10

// stream sends the records of a transfer in messages, each of them signed over the one before
// (RFC 8945, section 5.3.1).
type stream struct {
	asked *asked
	send  func([]byte) error
	// ctx ends when nothing more may be sent.
	ctx context.Context
	now func() time.Time
	// mac is that of the message before.
	mac      []byte
	messages int
	wire     wire
}

func newStream(ctx context.Context, a *asked, zone string, send func([]byte) error, now func() time.Time) *stream {
	return &stream{asked: a, send: send, ctx: ctx, now: now, mac: fromHex(a.signed.mac), wire: wire{zone: zonedata.Absolute(zone)}}
}

// add sends a record, by and by.
func (t *stream) add(key zonedata.Key, ttl uint32, data string) error {
	const beside = 256 // the owner, and what stands between it and the data
	if t.wire.answers > 0 && len(t.wire.buf)+beside+len(data) > messageRoom {
		if err := t.flush(); err != nil {
			return err
		}
	}
	if t.wire.answers == 0 {
		m := t.message()
		m.Extra = nil
		if err := t.wire.begin(m); err != nil {
			return err
		}
	}
	return t.wire.add(key, ttl, data)
}

// message is the next one, without records.
func (t *stream) message() *mdns.Msg {
	m := t.asked.message(reply{authoritative: true})
	if t.messages > 0 {
		m.Question = nil
	}
	return m
}

// set sends an RRset, nil for none.
func (t *stream) set(key zonedata.Key, set *zonedata.RRset) error {
	if set == nil {
		return nil
	}
	for _, data := range set.Data {
		if err := t.add(key, set.TTL, data); err != nil {
			return err
		}
	}
	return nil
}

func (t *stream) soa(soa *mdns.SOA) error {
	data, err := zonedata.Written(soa)
	if err != nil {
		return err
	}
	return t.add(zonedata.Key{Owner: dns.Apex, Type: mdns.TypeSOA}, soa.Hdr.Ttl, data)
}

// end sends the last record and all that is left.
func (t *stream) end(last *mdns.SOA) error {
	if err := t.soa(last); err != nil {
		return err
	}
	return t.flush()
}

func (t *stream) flush() error {
	if t.ctx.Err() != nil {
		return context.Cause(t.ctx)
	}
	raw, err := t.wire.end(t.message().Extra)
	if err != nil {
		return err
	}
	out, mac, err := t.asked.signed.seal(raw, t.mac, t.messages > 0, t.now())
	if err != nil {
		return err
	}
	if err := t.send(out); err != nil {
		return err
	}
	t.mac, t.messages, t.wire.answers = mac, t.messages+1, 0
	return nil
}
