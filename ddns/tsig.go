package ddns

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/identity"
)

// maxSkew is how far the time of a signature may be from ours, whatever the message says.
const maxSkew = 300 * time.Second

// signature is a good one.
type signature struct {
	key *identity.TSIGKey
	// mac is the message's, in hexadecimal digits.
	mac string
}

// fault is what is wrong with a signature.
type fault struct {
	rcode int
	// code is the error of TSIG, 0 for a message of bad form.
	code uint16
	// tsig is the message's record, nil where the form is bad, and signed is set if the answer is
	// to be signed.
	tsig   *mdns.TSIG
	signed *signature
}

func (f *fault) reply() reply { return reply{rcode: f.rcode, fault: f} }

// badForm answers a record that is not where, or as, TSIG records are.
func badForm() *fault { return &fault{rcode: mdns.RcodeFormatError} }

// verify checks the signature of a message (RFC 8945, section 5.2): first the key, then the MAC,
// then the time, then whether the MAC is whole. Without a signature all of it is nil.
func (s *Server) verify(ctx context.Context, a *asked) (*signature, *fault, error) {
	t, sound := tsigOf(a.msg)
	if !sound {
		return nil, badForm(), nil
	}
	if t == nil {
		return nil, nil, nil
	}
	key, err := s.cfg.Identity.TSIGKey(ctx, t.Hdr.Name)
	switch {
	case errors.Is(err, identity.ErrTokenInvalid), err == nil && algorithmOf(t) != key.Algorithm:
		return nil, notAuth(mdns.RcodeBadKey, t), nil
	case err != nil:
		return nil, nil, fmt.Errorf("key of a DNS message: %w", err)
	}
	sig := &signature{key: key, mac: t.MAC}
	whole, bad := checkMAC(a.raw, t, hmacKey{key.Algorithm, key.Secret})
	if bad != nil {
		return nil, bad, nil
	}
	skew := s.cfg.Now().Unix() - int64(t.TimeSigned)
	var f *fault
	switch {
	case skew > int64(maxSkew/time.Second) || -skew > int64(maxSkew/time.Second):
		f = notAuth(mdns.RcodeBadTime, t)
	case !whole:
		f = notAuth(mdns.RcodeBadTrunc, t)
	default:
		return sig, nil, nil
	}
	f.signed = sig
	return nil, f, nil
}

func notAuth(code uint16, t *mdns.TSIG) *fault {
	return &fault{rcode: mdns.RcodeNotAuth, code: code, tsig: t}
}

// tsigOf returns the message's TSIG record, nil for none. There is one at most, at the very end.
func tsigOf(m *mdns.Msg) (t *mdns.TSIG, sound bool) {
	for _, section := range [][]mdns.RR{m.Answer, m.Ns, m.Extra} {
		for i, rr := range section {
			is, tsig := rr.(*mdns.TSIG)
			if !tsig {
				continue
			}
			if i != len(m.Extra)-1 || m.Extra[i] != rr || is.Hdr.Class != mdns.ClassANY || is.Hdr.Ttl != 0 {
				return nil, false
			}
			if int(is.OtherLen) != len(is.OtherData)/2 { // the library reads what ends before its data so
				return nil, false
			}
			t = is
		}
	}
	return t, true
}

func algorithmOf(t *mdns.TSIG) string { return strings.TrimSuffix(strings.ToLower(t.Algorithm), ".") }

// checkMAC says whether a MAC is whole. One that was truncated further than RFC 8945, section
// 5.2.2.1, allows is of bad form.
func checkMAC(raw []byte, t *mdns.TSIG, key hmacKey) (whole bool, bad *fault) {
	signed, err := digested(raw, t)
	if err != nil {
		return false, badForm()
	}
	mac, given := key.sum(signed), fromHex(t.MAC)
	if len(given) > len(mac) || len(given) < max(10, len(mac)/2) {
		return false, badForm()
	}
	if !hmac.Equal(mac[:len(given)], given) {
		return false, notAuth(mdns.RcodeBadSig, t)
	}
	return len(given) == len(mac), nil
}

// digested is what the MAC of a request is made of (RFC 8945, section 4.3): the message as it was
// before the record was added, and what the record says. The library's own way takes a fudge of 0
// for the default one.
func digested(raw []byte, t *mdns.TSIG) ([]byte, error) {
	end, err := lastRecord(raw)
	if err != nil {
		return nil, err
	}
	out := bytes.Clone(raw[:end])
	binary.BigEndian.PutUint16(out, t.OrigId)
	binary.BigEndian.PutUint16(out[10:], binary.BigEndian.Uint16(out[10:])-1)
	return appendVariables(out, t)
}

// appendVariables adds what a signature says of itself to what is signed.
func appendVariables(out []byte, t *mdns.TSIG) ([]byte, error) {
	out, err := packName(out, mdns.CanonicalName(t.Hdr.Name))
	if err != nil {
		return nil, err
	}
	out = binary.BigEndian.AppendUint16(out, mdns.ClassANY)
	out = binary.BigEndian.AppendUint32(out, 0)
	if out, err = packName(out, mdns.CanonicalName(t.Algorithm)); err != nil {
		return nil, err
	}
	out = appendTime(out, t)
	out = binary.BigEndian.AppendUint16(out, t.Error)
	other := fromHex(t.OtherData)
	out = binary.BigEndian.AppendUint16(out, uint16(len(other)))
	return append(out, other...), nil
}

// appendTime adds when the message was signed.
func appendTime(out []byte, t *mdns.TSIG) []byte {
	out = binary.BigEndian.AppendUint16(out, uint16(t.TimeSigned>>32))
	out = binary.BigEndian.AppendUint32(out, uint32(t.TimeSigned))
	return binary.BigEndian.AppendUint16(out, t.Fudge)
}

var errShort = errors.New("the message ends early")

// lastRecord is where the last record of a message begins.
func lastRecord(raw []byte) (at int, err error) {
	count := func(i int) int { return int(binary.BigEndian.Uint16(raw[4+2*i:])) }
	at, last := headerSize, 0
	for range count(0) {
		if at, err = afterName(raw, at); err != nil {
			return 0, err
		}
		at += 4
	}
	for range count(1) + count(2) + count(3) {
		last = at
		if at, err = afterName(raw, at); err != nil {
			return 0, err
		}
		if at+10 > len(raw) {
			return 0, errShort
		}
		at += 10 + int(binary.BigEndian.Uint16(raw[at+8:]))
	}
	if last == 0 || at > len(raw) {
		return 0, errShort
	}
	return last, nil
}

// afterName is where a name ends that may be compressed.
func afterName(raw []byte, at int) (int, error) {
	for at < len(raw) {
		switch n := int(raw[at]); {
		case n == 0:
			return at + 1, nil
		case n >= 0xc0:
			return at + 2, nil
		default:
			at += 1 + n
		}
	}
	return 0, errShort
}

// hmacKey is a key with its algorithm.
type hmacKey struct {
	algorithm string
	secret    []byte
}

func (k hmacKey) hash() func() hash.Hash {
	switch k.algorithm {
	case "hmac-sha384":
		return sha512.New384
	case "hmac-sha512":
		return sha512.New
	default:
		return sha256.New
	}
}

func (k hmacKey) sum(message []byte) []byte {
	mac := hmac.New(k.hash(), k.secret)
	mac.Write(message)
	return mac.Sum(nil)
}

// Generate implements [mdns.TsigProvider].
func (k hmacKey) Generate(message []byte, _ *mdns.TSIG) ([]byte, error) { return k.sum(message), nil }

// Verify implements [mdns.TsigProvider].
func (k hmacKey) Verify(message []byte, t *mdns.TSIG) error {
	if !hmac.Equal(k.sum(message), fromHex(t.MAC)) {
		return mdns.ErrSig
	}
	return nil
}
