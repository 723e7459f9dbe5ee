package zonefile

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
)

// Opener opens the file that a $INCLUDE names. Its errors are told with the line.
type Opener func(name string) (io.ReadCloser, error)

const (
	// maxIncludeDepth is how deep files may include each other, maxIncludes how many there may be.
	maxIncludeDepth, maxIncludes = 16, 10_000
)

// included are the files between the first one and the line that is read.
//
// Invariant: no file is within itself, and the number of files is bounded, so that reading ends.
type included struct {
	open  Opener
	names []string
	count int
}

// name is that of the file that is read, empty for the first one.
func (i *included) name() string {
	if len(i.names) == 0 {
		return ""
	}
	return i.names[len(i.names)-1]
}

// include reads the file of $INCLUDE name [origin]. Origin and owner are then what they were before it
// (RFC 1035, section 5.1), and what it says of TTLs stays, as with named.
func (r *reader) include(ctx context.Context, args []token) error {
	switch {
	case r.included.open == nil:
		return domain.Refused("$INCLUDE is not taken: put the file's text in its place")
	case len(args) != 1 && len(args) != 2:
		return domain.Refused("%s has a file, and perhaps an origin", "$INCLUDE")
	}
	name, origin := octetsOf(args[0].raw), r.origin
	if len(args) == 2 {
		var refusal *domain.Error
		if origin, refusal = absolute(args[1].raw, r.origin); refusal != nil {
			return refusal
		}
	}
	switch {
	case slices.Contains(r.included.names, name):
		return domain.Refused("%q includes itself", shown(name))
	case len(r.included.names) == maxIncludeDepth || r.included.count == maxIncludes:
		return domain.Refused("more files are included than can be taken")
	}
	file, err := r.included.open(name)
	if err != nil {
		return domain.Refused("%q: %s", shown(name), err.Error())
	}
	return errors.Join(r.nested(ctx, name, origin, file), file.Close())
}

// nested reads a file that is included.
func (r *reader) nested(ctx context.Context, name, origin string, file io.Reader) error {
	before, owner, outer, blocks := r.lexer, r.owner, r.origin, r.blocks.within(&r.owner)
	r.included.names = append(r.included.names, name)
	r.included.count++
	r.lexer, r.origin, r.file.within = newLexer(file), origin, name
	err := r.entries(ctx)
	blocks()
	r.lexer, r.owner, r.origin = before, owner, outer
	r.included.names = r.included.names[:len(r.included.names)-1]
	r.file.within = r.included.name()
	return err
}

// madeBySigner says whether records of the type are made when a zone is signed.
func madeBySigner(text string) bool {
	number, known := mdns.StringToType[strings.ToUpper(text)]
	if !known && strings.EqualFold(text, "TYPE65534") { // how far BIND has come with signing
		number = 65534
	}
	return dns.MadeBySigner(number)
}

// dropKeysOfSigner leaves out the keys of a zone that was signed.
func (f *File) dropKeysOfSigner() {
	if f.Signed == 0 {
		return
	}
	before := f.packed
	f.packed = newPacked()
	for i := range before.records {
		r := before.record(&before.records[i])
		if dns.KeyOfSigner(r.Type) && r.Owner == dns.Apex {
			f.Signed++
			continue
		}
		f.add(r)
		f.setTTL(r.Owner, r.Type, r.TTL)
	}
}
