package movein

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/bindio/namedconf"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/dns/zonedata"
	"github.com/opsledger/opsledger/domain/dns/zonefile"
)

// Content is what the files of a zone in a view say.
type Content struct {
	file *zonefile.File
	// Notes tell what was read otherwise than it is written.
	Notes []string
}

// Contents reads the files of zones.
type Contents struct {
	Files *namedconf.Files
	// Say puts a refusal into the words of whoever reads it.
	Say func(domain.Text) string
}

// Read reads the records of a zone. A file in a form that named alone reads, and one that has a
// journal of later changes, goes through named-compilezone. An error tells of all lines.
func (c Contents) Read(ctx context.Context, zone string, from Source) (*Content, error) {
	file, err := c.open(ctx, zone, from)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f, err := zonefile.ReadLocal(ctx, file, zone, math.MaxInt, func(name string) (io.ReadCloser, error) { return c.Files.Open(name) })
	if err != nil {
		return nil, c.byLine(from, err)
	}
	if f.SOA == nil {
		return nil, fmt.Errorf("%s: the zone has no SOA", c.Files.Absolute(from.File))
	}
	if err := c.followSigner(ctx, zone, from, f.SOA); err != nil {
		return nil, err
	}
	content := &Content{file: f}
	for _, w := range f.Warnings {
		content.Notes = append(content.Notes, w.Text)
	}
	if f.Signed > 0 {
		content.Notes = append(content.Notes, fmt.Sprintf("the zone is signed, and will not be: %d records that its signer made are left out", f.Signed))
	}
	return content, nil
}

// followSigner takes the serial that secondaries have where named signs a zone in a file of its own: that of
// the signed zone goes ahead of the other.
func (c Contents) followSigner(ctx context.Context, zone string, from Source, soa *zonefile.SOA) error {
	signed := Source{File: from.File + ".signed", Journal: from.File + ".signed.jnl"}
	if !c.Files.Exists(signed.File) {
		return nil
	}
	serial, err := c.serial(ctx, zone, signed)
	if err != nil {
		return fmt.Errorf("%s: its serial is not known: %w", c.Files.Absolute(signed.File), err)
	}
	if int32(serial-soa.Serial) > 0 { // as RFC 1982 compares them
		soa.Serial = serial
	}
	return nil
}

// serial reads that of a zone which named writes.
func (c Contents) serial(ctx context.Context, zone string, from Source) (uint32, error) {
	file, raw, err := c.begin(from)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return 0, err
	}
	text, err := c.compile(ctx, zone, from, raw)
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(text) {
		rr, err := mdns.NewRR(string(line))
		if soa, is := rr.(*mdns.SOA); err == nil && is {
			return soa.Serial, nil
		}
	}
	return 0, errors.New("there is no SOA")
}

// begin opens a zone's file, and says whether it is raw.
func (c Contents) begin(from Source) (file *os.File, raw bool, err error) {
	if file, err = c.Files.Open(from.File); err != nil {
		return nil, false, err
	}
	var first [1]byte
	n, err := file.ReadAt(first[:], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, errors.Join(err, file.Close())
	}
	return file, n == 1 && first[0] == 0, nil // a number of a form; no text begins like this
}

// open opens what is to be read as text.
func (c Contents) open(ctx context.Context, zone string, from Source) (io.ReadCloser, error) {
	file, raw, err := c.begin(from)
	if err != nil {
		return nil, err
	}
	if !raw && !c.Files.Exists(from.Journal) {
		return file, nil
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	text, err := c.compile(ctx, zone, from, raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Files.Absolute(from.File), err)
	}
	return io.NopCloser(bytes.NewReader(text)), nil
}

// byLine tells of each line of a file that was refused.
func (c Contents) byLine(from Source, err error) error {
	var refused *zonefile.Error
	name := c.Files.Absolute(from.File)
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", name, err)
	}
	var lines []error
	for _, l := range refused.Lines {
		place := namedconf.Place{File: name, Line: l.Line}
		if l.File != "" {
			place.File = c.Files.Absolute(l.File)
		}
		text := l.Err.Text
		lines = append(lines, fmt.Errorf("%s: %s", place, c.Say(text)))
	}
	if refused.More {
		lines = append(lines, fmt.Errorf("%s: and more", name))
	}
	return errors.Join(lines...)
}

// Serial is that of the zone's SOA.
func (c *Content) Serial() uint32 { return c.file.SOA.Serial }

// TakeSOA gives the content the SOA of another, but for the serial, and says whether it had another
// one: a zone has one SOA here, in all views.
func (c *Content) TakeSOA(of *Content) (differed bool) {
	before, serial := *c.file.SOA, c.file.SOA.Serial
	*c.file.SOA = *of.file.SOA
	c.file.SOA.Serial = serial
	after := *c.file.SOA
	before.Line, after.Line = 0, 0
	return before != after
}

// Text writes the content as a master file: a line for each record, and the SOA in the first one.
func (c *Content) Text() ([]byte, error) {
	soa := c.file.SOA
	var out bytes.Buffer
	first := &mdns.SOA{
		Hdr: mdns.RR_Header{Name: c.file.Zone, Rrtype: mdns.TypeSOA, Class: mdns.ClassINET, Ttl: soa.TTL},
		Ns:  soa.MName, Mbox: soa.RName, Serial: soa.Serial,
		Refresh: soa.Refresh, Retry: soa.Retry, Expire: soa.Expire, Minttl: soa.Minimum,
	}
	if err := writeLine(&out, first); err != nil {
		return nil, err
	}
	for _, r := range c.file.All() {
		rr, err := zonedata.RR(zonedata.Owner(r.Host, c.file.Zone), r.Type, r.TTL, r.Written)
		if err != nil {
			return nil, err
		}
		if err := writeLine(&out, rr); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func writeLine(out *bytes.Buffer, rr mdns.RR) error {
	line, err := zonedata.Line(rr)
	if err != nil {
		return err
	}
	if strings.ContainsAny(line, "\n\r") {
		return fmt.Errorf("a record of %s is no line of text", rr.Header().Name)
	}
	out.WriteString(line)
	return out.WriteByte('\n')
}

// Inputs are the records but for the SOA as clients write them, in the order of their hosts.
func (c *Content) Inputs() ([]dns.RecordData, error) {
	zone := dns.FoldName(c.file.Zone)
	all := make([]dns.RecordData, 0, c.file.Len())
	for _, r := range c.file.All() {
		value, err := zonefile.Value(zone, r.Type, r.Written)
		if err != nil {
			return nil, err
		}
		all = append(all, dns.RecordData{Host: r.Host, Type: dns.TypeName(r.Type), TTL: r.TTL, Value: value})
	}
	slices.SortStableFunc(all, func(a, b dns.RecordData) int { return strings.Compare(dns.FoldName(a.Host), dns.FoldName(b.Host)) })
	return all, nil
}

// Records counts what the file says, the SOA among it.
func (c *Content) Records() int { return 1 + c.file.Len() }
