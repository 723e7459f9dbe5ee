package ddns

import (
	"encoding/binary"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// pointersEnd is where the places in a message end that a name may point at.
const pointersEnd = 1 << 14

// wire is a message of a transfer in the making, in wire form. Records come as octets that were packed
// before, of which the library would make values, and octets again. Names of owners end in a pointer at
// the zone's name, which is written once.
type wire struct {
	buf []byte
	// begins is how long the message was without records, and answers counts them.
	begins, answers int
	// zone is the absolute name of the zone, and zoneAt where it stands, 0 for nowhere yet.
	zone   string
	zoneAt int
	// owner is that of the record before, and ownerAt where it stands.
	owner   string
	ownerAt int
}

// begin empties the message, and writes all of it that comes before the records.
func (w *wire) begin(m *mdns.Msg) error {
	packed, err := m.PackBuffer(w.buf[:cap(w.buf)])
	if err != nil {
		return err
	}
	w.buf, w.begins, w.answers, w.zoneAt, w.owner = packed, len(packed), 0, 0, ""
	return nil
}

// add writes a record; the owner is relative to the zone.
func (w *wire) add(key zonedata.Key, ttl uint32, data string) (err error) {
	if w.buf, err = w.name(key.Owner); err != nil {
		return err
	}
	w.buf = binary.BigEndian.AppendUint16(w.buf, key.Type)
	w.buf = binary.BigEndian.AppendUint16(w.buf, mdns.ClassINET)
	w.buf = binary.BigEndian.AppendUint32(w.buf, ttl)
	w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(len(data)))
	w.buf = append(w.buf, data...)
	w.answers++
	return nil
}

// name writes the name of an owner.
func (w *wire) name(owner string) ([]byte, error) {
	at := len(w.buf)
	switch {
	case owner == w.owner && w.ownerAt < pointersEnd:
		return pointer(w.buf, w.ownerAt), nil
	case owner == dns.Apex && w.zoneAt > 0:
		return pointer(w.buf, w.zoneAt), nil
	case owner == dns.Apex:
		w.zoneAt = at
		return packName(w.buf, w.zone)
	}
	w.owner, w.ownerAt = owner, at
	if w.zoneAt > 0 {
		out, err := packName(w.buf, owner+".")
		return pointer(out[:max(at, len(out)-1)], w.zoneAt), err // the pointer stands for the root
	}
	out, err := packName(w.buf, zonedata.Owner(owner, w.zone))
	if err == nil {
		zone, zoneErr := packName(nil, w.zone)
		w.zoneAt, err = len(out)-len(zone), zoneErr
	}
	return out, err
}

// packName appends an absolute name, uncompressed.
func packName(out []byte, name string) ([]byte, error) {
	var room [256]byte
	n, err := mdns.PackDomainName(name, room[:], 0, nil, false)
	return append(out, room[:n]...), err
}

func pointer(out []byte, at int) []byte { return binary.BigEndian.AppendUint16(out, 0xc000|uint16(at)) }

// end writes what follows the records, and returns the message.
func (w *wire) end(extra []mdns.RR) ([]byte, error) {
	binary.BigEndian.PutUint16(w.buf[6:], uint16(w.answers))
	for _, rr := range extra {
		out := make([]byte, mdns.Len(rr))
		n, err := mdns.PackRR(rr, out, 0, nil, false)
		if err != nil {
			return nil, err
		}
		w.buf = append(w.buf, out[:n]...)
	}
	binary.BigEndian.PutUint16(w.buf[10:], uint16(len(extra)))
	return w.buf, nil
}

// seal signs a packed message over the MAC before it (RFC 8945, section 5.3), and returns its own; of
// the messages of one answer all but the first are signed with the time alone (section 5.3.1).
func (s *signature) seal(raw, before []byte, timersOnly bool, now time.Time) (out, mac []byte, err error) {
	id := binary.BigEndian.Uint16(raw)
	t := stub(&mdns.Msg{MsgHdr: mdns.MsgHdr{Id: id}}, s.key.Name+".", s.key.Algorithm+".", now)
	signed := append(binary.BigEndian.AppendUint16(nil, uint16(len(before))), before...)
	signed = append(signed, raw...)
	if timersOnly {
		signed = appendTime(signed, t)
	} else if signed, err = appendVariables(signed, t); err != nil {
		return nil, nil, err
	}
	mac = hmacKey{s.key.Algorithm, s.key.Secret}.sum(signed)
	if out, err = packName(raw, t.Hdr.Name); err != nil {
		return nil, nil, err
	}
	algorithm, err := packName(nil, t.Algorithm)
	out = binary.BigEndian.AppendUint16(out, mdns.TypeTSIG)
	out = binary.BigEndian.AppendUint16(out, mdns.ClassANY)
	out = binary.BigEndian.AppendUint32(out, 0)
	out = binary.BigEndian.AppendUint16(out, uint16(len(algorithm)+16+len(mac)))
	out = appendTime(append(out, algorithm...), t)
	out = append(binary.BigEndian.AppendUint16(out, uint16(len(mac))), mac...)
	out = binary.BigEndian.AppendUint16(out, id)
	out = append(out, 0, 0, 0, 0) // no error, no other data
	binary.BigEndian.PutUint16(out[10:], binary.BigEndian.Uint16(out[10:])+1)
	return out, mac, err
}
