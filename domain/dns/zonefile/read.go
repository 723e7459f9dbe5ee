package zonefile

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
)

// maxRead is how many records are read at most, those that are there twice and those of
// $GENERATE included.
const maxRead = 2_000_000

// maxOctets bounds what the records of a file that are kept have in octets, and what $GENERATE
// makes of it, together: as much as the body of an import may have.
const maxOctets = 64 << 20

// Read reads the master file of a zone, of which most different records may be kept. The error
// is an [*Error] with all lines that were refused, a [*TooManyError], a [*TooLargeError], the
// context's or the input's.
func Read(ctx context.Context, in io.Reader, zone string, most int) (*File, error) {
	return newReader(in, zone, most).all(ctx)
}

// ReadLocal is [Read] for a file of whoever reads it. $INCLUDE is taken, from files that open
// opens, and what a signer has made of the zone is left out and counted, see [File.Signed].
func ReadLocal(ctx context.Context, in io.Reader, zone string, most int, open Opener) (*File, error) {
	r := newReader(in, zone, most)
	r.included.open, r.unsigned = open, true
	f, err := r.all(ctx)
	if err == nil {
		f.dropKeysOfSigner()
	}
	return f, err
}

func newReader(in io.Reader, zone string, most int) *reader {
	file := newFile(zone)
	return &reader{
		lexer: newLexer(in), inner: newLexer(nil), file: file, blocks: blocks{file: file}, most: most, origin: zonedata.Absolute(zone),
	}
}

// all reads the whole file.
func (r *reader) all(ctx context.Context) (*File, error) {
	if err := r.entries(ctx); err != nil {
		return nil, err
	}
	if len(r.errors) > 0 {
		return nil, &Error{Lines: r.errors}
	}
	r.blocks.all()
	if soa := r.file.SOA; soa != nil {
		soa.TTL = r.file.soaTTL
	}
	return r.file, nil
}

// entries reads to the end of the file, or of the one that is included.
func (r *reader) entries(ctx context.Context) error {
	for {
		e, err := r.lexer.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var refusal *domain.Error
		if err == nil {
			err = r.entry(ctx, e)
		} else {
			r.unread(e)
		}
		switch {
		case err == nil:
			continue
		case !errors.As(err, &refusal):
			return err
		}
		r.errors = append(r.errors, LineError{File: r.included.name(), Line: e.line, Err: refusal})
		if len(r.errors) == maxErrors || refusal == errTooLong {
			return &Error{Lines: r.errors, More: true}
		}
	}
}

// reader is what the entries of a file leave to those behind them.
type reader struct {
	*lexer
	// inner reads what a $GENERATE makes.
	inner    *lexer
	included included
	// unsigned leaves out what a signer has made.
	unsigned bool
	file     *File
	errors   []LineError
	// most is how many records the file may keep, seen how many were read, octets what counts
	// for [maxOctets].
	most, seen, octets int

	origin string
	owner  owner
	blocks blocks
	// fallback is the TTL where an entry says none: $TTL, else that of the last record, else the
	// SOA's minimum, which holds like $TTL from then on.
	fallback struct {
		ttl         uint32
		known, said bool
	}
}

// owner is the name that an entry begins with.
type owner struct {
	name string
	// key and host are relative to the zone; inside is false for a name beyond it.
	key, host string
	inside    bool
	// broken: the entry that named it was refused.
	broken bool
}

func (o *owner) set(name, zone string) {
	*o = owner{name: name}
	if o.key, o.inside = zonedata.Relative(name, zone); !o.inside || o.key == dns.Apex {
		o.host = o.key
		return
	}
	if o.host = dns.Respelled(name[:len(o.key)]); o.host == o.key {
		o.host = o.key // in the same memory
	}
}

// octets is what the owner takes in memory.
func (o *owner) octets() int {
	if o.host == o.key {
		return len(o.key)
	}
	return len(o.key) + len(o.host)
}

// count counts octets for [maxOctets].
func (r *reader) count(octets int) error {
	if r.octets += octets; r.octets > maxOctets {
		return &TooLargeError{Most: maxOctets}
	}
	return nil
}

// entry takes a directive or a record.
func (r *reader) entry(ctx context.Context, e entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if first := e.tokens[0]; !e.inherits && !first.quoted && strings.HasPrefix(first.raw, "$") {
		return r.directive(ctx, first.raw, e)
	}
	fields := e.tokens
	if !e.inherits {
		if err := r.begin(fields[0]); err != nil {
			return err
		}
		fields = fields[1:]
	}
	switch {
	case r.owner.broken:
		return nil // which was said of the line that names the owner
	case r.owner.name == "":
		r.owner.broken = true
		return domain.Refused("the record has no owner: no entry before it names one")
	}
	return r.record(e.line, fields)
}

// unread has those that inherit the owner of an entry that could not be read not be taken for the
// owner's before it.
func (r *reader) unread(e entry) {
	directive := len(e.tokens) > 0 && strings.HasPrefix(e.tokens[0].raw, "$")
	r.owner.broken = r.owner.broken || !e.inherits && !directive
}

// begin takes the owner of an entry.
func (r *reader) begin(t token) error {
	r.owner.broken = true
	if t.quoted {
		return domain.Refused("an owner is not quoted")
	}
	name, refusal := absolute(t.raw, r.origin)
	if refusal != nil {
		return refusal
	}
	r.owner.set(name, r.file.Zone)
	r.blocks.begin(&r.owner)
	return r.count(r.owner.octets())
}

// head is what stands before a record's data.
type head struct {
	rrtype string
	ttl    uint32
	hasTTL bool
	// signed says that a signer has made the record, which is left out.
	signed bool
}

// readHead reads [class] [ttl] [class] type.
func (r *reader) readHead(fields []token) (h head, data []token, err error) {
	classed := false
	for i, t := range fields {
		if t.quoted {
			return h, nil, domain.Refused("a type or a TTL is not quoted")
		}
		seconds, isTTL := readTTL(t.raw)
		switch {
		case !classed && isClass(t.raw):
			if classed = true; !strings.EqualFold(t.raw, "IN") && !strings.EqualFold(t.raw, "CLASS1") {
				return h, nil, domain.Refused("the class is not IN")
			}
		case isTTL && !h.hasTTL:
			if h.hasTTL = true; seconds > dns.MaxTTL {
				return h, nil, domain.Refused("a TTL has at most %d seconds", dns.MaxTTL)
			}
			h.ttl = uint32(seconds)
		case strings.EqualFold(t.raw, "SOA"):
			h.rrtype = "SOA"
			return h, fields[i+1:], nil
		case r.unsigned && madeBySigner(t.raw):
			h.signed = true
			return h, nil, nil
		default:
			h.rrtype, err = dns.ParseRecordType(t.raw)
			return h, fields[i+1:], err
		}
	}
	return h, nil, domain.Refused("the record's type is missing")
}

func isClass(text string) bool {
	switch strings.ToUpper(text) {
	case "IN", "CH", "CHAOS", "HS", "HESIOD", "ANY", "NONE":
		return true
	}
	digits, generic := strings.CutPrefix(strings.ToUpper(text), "CLASS")
	return generic && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// record takes a record of the present owner.
func (r *reader) record(line int, fields []token) error {
	h, fields, err := r.readHead(fields)
	if err != nil {
		return err
	}
	switch {
	case h.signed:
		r.file.Signed++
		return r.ttlOf(&h) // which those behind it may have
	case h.rrtype == "SOA":
		return r.soa(line, h, fields)
	}
	if err := r.ttlOf(&h); err != nil {
		return err
	}
	rec, kept, err := r.keep(line, r.owner, h, fields)
	if kept {
		r.inBlock(line, rec.Type, rec.Data, h.ttl)
	}
	return err
}

// ttlOf completes a head without a TTL, and lets those behind it have its TTL.
func (r *reader) ttlOf(h *head) error {
	switch {
	case h.hasTTL:
		if !r.fallback.said {
			r.fallback.ttl, r.fallback.known = h.ttl, true
		}
	case !r.fallback.known:
		return domain.Refused("the record has no TTL: neither has an entry before it, nor is there a $TTL")
	default:
		h.ttl = r.fallback.ttl
	}
	return nil
}

// keep reads a record of the owner and adds it to the file; kept is false for one outside the zone.
func (r *reader) keep(line int, o owner, h head, fields []token) (rec Record, kept bool, err error) {
	if r.seen++; r.seen > maxRead {
		return rec, false, &TooManyError{Most: maxRead}
	}
	data, err := readData(r.origin, h.rrtype, fields)
	if err != nil {
		return rec, false, err
	}
	if !o.inside {
		r.file.warn(line, "%s is outside the zone, left out", o.name)
		return rec, false, nil
	}
	if _, err := dns.ParseHost(o.host); err != nil {
		return rec, false, err
	}
	rec = Record{Line: line, Host: o.host, Owner: o.key, Type: data.Number()}
	if rec.Data, rec.Written, err = wireOf(data); err != nil {
		return rec, false, domain.Refused("the data does not fit into a message")
	}
	octets := len(rec.Data)
	if rec.Written != rec.Data {
		octets += len(rec.Written)
	}
	if err := r.count(octets); err != nil {
		return rec, false, err
	}
	r.file.add(rec)
	if r.file.Len() > r.most {
		return rec, false, &TooManyError{Most: r.most}
	}
	return rec, true, nil
}

// inBlock is the TTL that a record of the present owner has with the owner's other entries. Like
// one that is written it is taken for those behind it.
func (r *reader) inBlock(line int, rrtype uint16, data string, ttl uint32) {
	first := r.blocks.take(rrtype, data, ttl)
	if first != ttl {
		r.file.warn(line, "the TTL of its RRset, %d, is taken", first)
		if !r.fallback.said {
			r.fallback.ttl = first
		}
	}
}

// directive takes $ORIGIN, $TTL and $GENERATE.
func (r *reader) directive(ctx context.Context, name string, e entry) error {
	args := e.tokens[1:]
	switch strings.ToUpper(name) {
	case "$INCLUDE":
		return r.include(ctx, args)
	case "$GENERATE":
		return r.generate(ctx, e.line, args)
	case "$ORIGIN", "$TTL":
	default:
		return domain.Refused("%q is no directive that is taken: $ORIGIN, $TTL and $GENERATE are", shown(name))
	}
	if len(args) != 1 || args[0].quoted {
		return domain.Refused("%s has exactly one argument", name)
	}
	if strings.EqualFold(name, "$ORIGIN") {
		origin, refusal := absolute(args[0].raw, r.origin)
		if refusal != nil {
			return refusal
		}
		r.origin = origin
		return nil
	}
	seconds, isTTL := readTTL(args[0].raw)
	if !isTTL || seconds > dns.MaxTTL {
		return domain.Refused("%q is no TTL: seconds up to %d, or as in 1h30m", shown(args[0].raw), dns.MaxTTL)
	}
	r.fallback.ttl, r.fallback.known, r.fallback.said = uint32(seconds), true, true
	return nil
}

// generate takes the records of a $GENERATE: range owner [ttl] [class] type data.
func (r *reader) generate(ctx context.Context, line int, args []token) error {
	if len(args) < 4 || args[0].quoted || args[1].quoted {
		return domain.Refused("$GENERATE has a range, an owner, a type and data")
	}
	all, refusal := readSteps(args[0].raw)
	if refusal != nil {
		return refusal
	}
	h, data, err := r.readHead(args[2:])
	switch {
	case err != nil:
		return err
	case h.signed || h.rrtype == "SOA" || len(data) != 1:
		return domain.Refused("$GENERATE takes data of one field, in double quotes if it has blanks, of any type but SOA")
	}
	if err := r.ttlOf(&h); err != nil {
		return err
	}
	template := data[0].raw
	if data[0].quoted {
		template = strings.ReplaceAll(template, `\"`, `"`)
	}
	for n := all.start; n <= all.stop; n += all.step {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.generated(line, n, args[1].raw, h, template); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) generated(line, n int, left string, h head, right string) error {
	left, refusal := expand(left, n)
	if refusal != nil {
		return refusal
	}
	name, refusal := absolute(left, r.origin)
	if refusal != nil {
		return refusal
	}
	template := len(right)
	if right, refusal = expand(right, n); refusal != nil {
		return refusal
	}
	var o owner
	o.set(name, r.file.Zone)
	if err := r.count(o.octets() + len(left) + max(template, len(right))); err != nil {
		return err
	}
	r.inner.restart(right)
	e, err := r.inner.next()
	switch {
	case errors.Is(err, io.EOF):
		return domain.Refused("the data is missing")
	case err != nil:
		return err
	}
	rec, kept, err := r.keep(line, o, h, e.tokens)
	if kept {
		r.file.setTTL(rec.Owner, rec.Type, h.ttl)
	}
	return err
}

// soa takes the zone's SOA.
func (r *reader) soa(line int, h head, fields []token) error {
	if len(fields) != 7 {
		return domain.Refused("an SOA has a name server, a mailbox and five numbers")
	}
	for _, t := range fields {
		if t.quoted {
			return domain.Refused("a record of type SOA has no quoted field")
		}
	}
	switch {
	case !r.owner.inside:
		return domain.Refused("the SOA is another zone's: %s is outside the zone", r.owner.name)
	case r.owner.key != dns.Apex:
		return domain.Refused("an SOA stands at the zone's own name alone")
	}
	s := &SOA{Line: line}
	var refusal *domain.Error
	if s.MName, refusal = absolute(fields[0].raw, r.origin); refusal != nil {
		return refusal
	}
	if s.RName, refusal = absolute(fields[1].raw, r.origin); refusal != nil {
		return refusal
	}
	serial, err := strconv.ParseUint(fields[2].raw, 10, 32)
	if err != nil {
		return domain.Refused("the serial is no number up to 4294967295")
	}
	s.Serial = uint32(serial)
	for i, to := range []*uint32{&s.Refresh, &s.Retry, &s.Expire, &s.Minimum} {
		seconds, isTTL := readTTL(fields[3+i].raw)
		if !isTTL || seconds > dns.MaxTTL {
			return domain.Refused("%q is no number of seconds up to %d", shown(fields[3+i].raw), dns.MaxTTL)
		}
		*to = uint32(seconds)
	}
	if !h.hasTTL && !r.fallback.known {
		r.fallback.ttl, r.fallback.known, r.fallback.said = s.Minimum, true, true
	}
	if err := r.ttlOf(&h); err != nil {
		return err
	}
	r.inBlock(line, mdns.TypeSOA, wireName(s.MName)+wireName(s.RName)+string(make([]byte, 5*4)), h.ttl)
	return r.keepSOA(s)
}

func (r *reader) keepSOA(s *SOA) error {
	before := r.file.SOA
	if before != nil && (before.Serial != s.Serial || before.SOATimers != s.SOATimers ||
		!strings.EqualFold(before.MName, s.MName) || !strings.EqualFold(before.RName, s.RName)) {
		return domain.Refused("line %d has another SOA", before.Line)
	}
	r.file.SOA = s
	return nil
}
