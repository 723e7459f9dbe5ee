package bind

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/workers/agents/bind/rndc"
)

// The kinds of zone statements that the engine makes.
const (
	kindPrimary = "primary"
	kindStub    = "static-stub"
)

// errReconfigure says that named goes on forwarding a name although its zone is
// gone, and takes no other forwarders for it, until its views are built anew.
var errReconfigure = errors.New("named keeps the forwarders of a removed zone until it is reconfigured")

// A refusal is named's answer that it does not do something.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// control runs a command; what named refuses becomes a refusal with its words.
func (e *Engine) control(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	text, err := e.rndc.Call(ctx, command)
	var refused *rndc.CommandError
	if errors.As(err, &refused) {
		return "", &refusal{text: refused.Error()}
	}
	return text, err
}

// controlAlone runs a command for which named stops all its threads for a moment.
// It waits until each has come to an end of its work, and while one of them syncs
// an update to the disk the others wait with it and answer nobody. So no update
// is under way meanwhile.
func (e *Engine) controlAlone(ctx context.Context, command string) (string, error) {
	e.updating.Lock()
	defer e.updating.Unlock()
	return e.control(ctx, command)
}

func refusedAs(err error, result string) bool {
	var r *refusal
	return errors.As(err, &r) && strings.HasPrefix(r.text, result)
}

// placeArgs names a site in a command.
func placeArgs(key siteKey) string { return zoneWord(key) + " IN " + viewName(key.view) }

// zoneWord names a site's zone in a command or a statement.
func zoneWord(key siteKey) string { return rndc.Quote(strings.TrimSuffix(key.zone, ".")) }

// look asks named what it has at a place.
func (e *Engine) look(ctx context.Context, key siteKey) (installed, error) {
	text, err := e.control(ctx, "showzone "+placeArgs(key))
	if refusedAs(err, "not found") {
		return installed{known: true}, nil
	}
	if err != nil {
		return installed{}, err
	}
	statements, err := parseZoneStatements(text)
	if err != nil || len(statements) != 1 {
		return installed{}, fmt.Errorf("named's zone statement %q is not understood", text)
	}
	return statements[0].installed, nil
}

// remove takes a zone out of named, its files too.
func (e *Engine) remove(ctx context.Context, key siteKey, have installed) error {
	// Without -clean, of which named dies when the zone has no file.
	_, err := e.controlAlone(ctx, "delzone "+placeArgs(key))
	if err != nil && !refusedAs(err, "not found") {
		return err
	}
	e.metrics.removed.Inc()
	e.removeFiles(have.file)
	if have.kind == kindStub {
		return errReconfigure
	}
	return nil
}

// removeFiles deletes a zone file and its journal. What is left behind is litter
// with a name that is not used again, and is swept later.
func (e *Engine) removeFiles(file string) {
	if file == "" || filepath.Dir(file) != e.layout.zones() {
		return
	}
	for _, suffix := range []string{"", ".jnl", ".jbk"} {
		if err := os.Remove(file + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			e.log.Warn("cannot delete zone file", "file", file+suffix, "error", err)
		}
	}
}

// addPrimary writes the zone's file and has named serve it.
func (e *Engine) addPrimary(ctx context.Context, j job) (installed, error) {
	file, err := e.writeZone(j)
	if err != nil {
		return installed{}, &refusal{text: err.Error()}
	}
	if _, err := e.controlAlone(ctx, "addzone "+placeArgs(j.key)+" "+primaryStatement(file, j.key.view)); err != nil {
		if _, refused := errors.AsType[*refusal](err); refused {
			e.removeFiles(file)
		}
		return installed{}, err
	}
	e.metrics.additions.Inc()
	return installed{known: true, kind: kindPrimary, file: file}, nil
}

// writeZone writes a new file with the zone and returns its path.
func (e *Engine) writeZone(j job) (file string, err error) {
	var nonce [4]byte
	_, _ = rand.Read(nonce[:]) // never fails
	name := fmt.Sprintf("z%d-%s-%d-%s.db", j.zoneID, viewName(j.key.view), j.changed, hex.EncodeToString(nonce[:]))
	text, err := zoneFile(j.content, uint32(j.changed))
	if err != nil {
		return "", err
	}
	file = filepath.Join(e.layout.zones(), name)
	return file, e.layout.writeNew(file, text)
}

// primaryStatement lets nobody but the view's key change the zone, and named
// take whatever the domain has accepted.
func primaryStatement(file string, view int64) string {
	return "{ type primary; file " + rndc.Quote(file) + "; " +
		"update-policy { grant " + rndc.Quote(viewKeyName(view)) + " zonesub any; }; " + tolerant + "};"
}

const tolerant = "check-names ignore; check-integrity no; check-mx ignore; check-mx-cname ignore; " +
	"check-srv-cname ignore; check-sibling no; check-spf ignore; check-wildcard no; check-dup-records ignore; " +
	"max-records-per-type 0; max-types-per-name 0; max-zone-ttl unlimited; "

func (e *Engine) addStub(ctx context.Context, key siteKey, forwarders []string) (installed, error) {
	statement, err := stubStatement(forwarders)
	if err != nil {
		return installed{}, &refusal{text: err.Error()}
	}
	_, err = e.controlAlone(ctx, "addzone "+placeArgs(key)+" "+statement)
	if refusedAs(err, "already exists") {
		return installed{}, errReconfigure
	}
	if err != nil {
		return installed{}, err
	}
	e.metrics.additions.Inc()
	return installed{known: true, kind: kindStub, forwarders: slices.Clone(forwarders)}, nil
}

// stubStatement has named ask the forwarders and nobody else.
func stubStatement(forwarders []string) (string, error) {
	var list strings.Builder
	for _, f := range forwarders {
		addr, err := netip.ParseAddr(f)
		if err != nil {
			return "", err
		}
		list.WriteString(addr.String() + "; ")
	}
	return "{ type static-stub; server-addresses { " + list.String() + "}; forward only; forwarders { " + list.String() + "}; };", nil
}

// zoneFile writes the content in master file form, in a fixed order. The SOA
// comes last: a file that lost its end in a crash of the host has none, so named
// refuses the whole zone, which is then added anew, and never serves a part of it.
func zoneFile(c content, serial uint32) ([]byte, error) {
	var out bytes.Buffer
	delegated := false
	for _, key := range c.keys() {
		rrs, err := c.set(key).records(c.zone, key)
		if err != nil {
			return nil, err
		}
		for _, rr := range rrs {
			out.WriteString(rr.String() + "\n")
			delegated = delegated || delegatesTo(rr, c.zone)
		}
	}
	if delegated {
		out.WriteString(outside)
	}
	out.WriteString(c.soa(serial).String() + "\n")
	return out.Bytes(), nil
}

// outside is in no zone, and no name server has its name, so named says that it
// ignores it. It ends a delegation to the apex: named takes the names after such
// a one, the apex of the SOA with them, for the addresses of its name servers,
// and refuses an SOA there.
const outside = ". 0 IN TXT \"\"\n"

// delegatesTo says whether the record leads from another name to the zone's apex.
func delegatesTo(rr mdns.RR, zone string) bool {
	ns, ok := rr.(*mdns.NS)
	return ok && strings.EqualFold(ns.Ns, zone) && !strings.EqualFold(ns.Hdr.Name, zone)
}
