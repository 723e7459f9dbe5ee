package ddns

import (
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"net/netip"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/internal/network"
)

// mostUDP is the largest answer that is sent by UDP: nothing on the way has to cut it in pieces.
const mostUDP = 1232

// pack makes the message of an answer, and signs it if the message that is answered was signed.
func (a *asked) pack(answer reply, now time.Time) ([]byte, error) {
	m := a.message(answer)
	out, err := a.sign(m, answer.fault, now)
	if err != nil || a.conn != nil || len(out) <= a.room() {
		return out, err
	}
	m.Truncated, m.Answer, m.Ns = true, nil, nil
	return a.sign(m, answer.fault, now)
}

// room is how long an answer by UDP may be.
func (a *asked) room() int {
	if a.edns == nil {
		return mdns.MinMsgSize
	}
	return max(mdns.MinMsgSize, min(int(a.edns.UDPSize()), mostUDP))
}

// message is the answer without a signature.
func (a *asked) message(answer reply) *mdns.Msg {
	m := new(mdns.Msg).SetReply(a.msg)
	m.RecursionDesired, m.CheckingDisabled, m.Compress = a.msg.RecursionDesired && m.Opcode == mdns.OpcodeQuery, false, true
	m.Rcode, m.Authoritative, m.Answer, m.Ns = answer.rcode, answer.authoritative, answer.answer, answer.ns
	if a.edns != nil {
		m.SetEdns0(mostUDP, a.edns.Do())
		if answer.remark != nil {
			opt := m.IsEdns0()
			opt.Option = append(opt.Option, answer.remark)
		}
	}
	return m
}

// sign packs an answer with its signature.
func (a *asked) sign(m *mdns.Msg, f *fault, now time.Time) ([]byte, error) {
	switch {
	case f != nil && f.tsig != nil:
		return f.sign(m, now)
	case a.signed != nil:
		out, _, err := a.signed.sign(m, a.signed.mac, false, now)
		return out, err
	default:
		return m.Pack()
	}
}

// sign signs a message over the MAC before it, and returns its own.
func (s *signature) sign(m *mdns.Msg, before string, timersOnly bool, now time.Time) (out []byte, mac string, err error) {
	m.Extra = append(m.Extra, stub(m, s.key.Name+".", s.key.Algorithm+".", now))
	out, mac, err = mdns.TsigGenerateWithProvider(m, hmacKey{s.key.Algorithm, s.key.Secret}, before, timersOnly)
	if err != nil {
		return nil, "", fmt.Errorf("sign answer: %w", err)
	}
	return out, mac, nil
}

// stub is a TSIG record before it is filled in.
func stub(m *mdns.Msg, key, algorithm string, now time.Time) *mdns.TSIG {
	return &mdns.TSIG{
		Hdr:       mdns.RR_Header{Name: key, Rrtype: mdns.TypeTSIG, Class: mdns.ClassANY},
		Algorithm: algorithm, TimeSigned: uint64(now.Unix()), Fudge: uint16(maxSkew / time.Second), OrigId: m.Id,
	}
}

// sign packs the answer to a message whose signature is no good.
func (f *fault) sign(m *mdns.Msg, now time.Time) ([]byte, error) {
	rr := stub(m, f.tsig.Hdr.Name, f.tsig.Algorithm, now)
	rr.Error = f.code
	if f.code == mdns.RcodeBadTime { // RFC 8945, section 5.2.3
		rr.TimeSigned = f.tsig.TimeSigned
		rr.OtherLen, rr.OtherData = 6, fmt.Sprintf("%012x", uint64(now.Unix()))
	}
	m.Extra = append(m.Extra, rr)
	var key mdns.TsigProvider = hmacKey{}
	if f.signed != nil {
		key = hmacKey{f.signed.key.Algorithm, f.signed.key.Secret}
	}
	out, _, err := mdns.TsigGenerateWithProvider(m, key, f.tsig.MAC, false)
	return out, err
}

var strangersSeed = maphash.MakeSeed()

// strangerOf is a number for the network of an address.
func strangerOf(a netip.Addr) int64 { return int64(maphash.String(strangersSeed, network.Of(a))) }

func fromHex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return b
}
