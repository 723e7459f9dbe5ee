package bind

import (
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

	"github.com/opsledger/opsledger/workers/agents/bind/rndc"
)

// The kinds of zone statements that the engine makes.
const (
	kindPrimary   = "primary"
	kindSecondary = "secondary"
	kindStub      = "static-stub"
)

// errReconfigure says that named goes on forwarding for a removed zone, and takes
// no other forwarders for its name, until named's views are built anew.
var errReconfigure = errors.New("named keeps the forwarders of a removed zone until it is reconfigured")

// zoneArgs names a zone in a view in a command.
func zoneArgs(key zoneKey) string { return quotedZone(key) + " IN " + viewName(key.view) }

// quotedZone is the zone's name as a command or a statement has it.
func quotedZone(key zoneKey) string { return rndc.Quote(strings.TrimSuffix(key.zone, ".")) }

// showZone asks named for its statement of a zone in a view.
func (e *Engine) showZone(ctx context.Context, key zoneKey) (installed, error) {
	text, err := e.control(ctx, "showzone "+zoneArgs(key))
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

// removeZone removes a zone and its files from named.
func (e *Engine) removeZone(ctx context.Context, key zoneKey, have installed) error {
	// Without -clean, at which named aborts if the zone has no file.
	err := e.addOrRemove(ctx, "delzone "+zoneArgs(key))
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

// removeFiles deletes a zone file and its journal. A file that cannot be deleted
// does no harm: its name is not used again, and sweepFiles deletes it later.
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
	if err := e.addOrRemove(ctx, "addzone "+zoneArgs(j.key)+" "+primaryStatement(file, j.key.view)); err != nil {
		if _, refused := errors.AsType[*refusal](err); refused {
			e.removeFiles(file)
		}
		return installed{}, err
	}
	e.metrics.additions.Inc()
	return installed{known: true, kind: kindPrimary, file: file}, nil
}

// addSecondary has named get a zone from its primaries.
func (e *Engine) addSecondary(ctx context.Context, j job) (installed, error) {
	file := e.newFile(j)
	if _, err := e.controlAlone(ctx, "addzone "+zoneArgs(j.key)+" "+secondaryStatement(file, j.key.view)); err != nil {
		return installed{}, err
	}
	e.metrics.additions.Inc()
	return installed{known: true, kind: kindSecondary, file: file}, nil
}

// replaceStatement has named serve a zone that it has in another way, from a file that is there. named
// does not serve the zone between the two commands, so that nothing else is done there.
func (e *Engine) replaceStatement(ctx context.Context, j job, file string) error {
	statement := primaryStatement(file, j.key.view)
	if j.secondary {
		statement = secondaryStatement(file, j.key.view)
	}
	e.updating.Lock()
	defer e.updating.Unlock()
	if _, err := e.control(ctx, "delzone "+zoneArgs(j.key)); err != nil && !refusedAs(err, "not found") {
		return err
	}
	_, err := e.control(ctx, "addzone "+zoneArgs(j.key)+" "+statement)
	return err
}

// newFile is a path that no zone has used.
func (e *Engine) newFile(j job) string {
	var nonce [4]byte
	_, _ = rand.Read(nonce[:]) // never fails
	return filepath.Join(e.layout.zones(), fmt.Sprintf("z%d-%s-%d-%s.db", j.zoneID, viewName(j.key.view), j.changed, hex.EncodeToString(nonce[:])))
}

// writeZone writes a new file with the zone and returns its path.
func (e *Engine) writeZone(j job) (file string, err error) {
	text, err := zoneFile(j.content, j.serial)
	if err != nil {
		return "", err
	}
	file = e.newFile(j)
	return file, e.layout.writeNew(file, text)
}

// primaryStatement lets only the view's key change the zone, and lets named accept
// all data that the domain has accepted.
func primaryStatement(file string, view int64) string {
	return "{ type primary; file " + rndc.Quote(file) + "; " +
		"update-policy { grant " + rndc.Quote(viewKeyName(view)) + " zonesub any; }; " + tolerant + "};"
}

// secondaryStatement has named get the zone from the view's primaries, and accept all that these serve.
func secondaryStatement(file string, view int64) string {
	return "{ type secondary; file " + rndc.Quote(file) + "; masterfile-format text; multi-master yes; " +
		"primaries { " + rndc.Quote(primariesName(view)) + "; }; check-names ignore; max-records-per-type 0; max-types-per-name 0; };"
}

const tolerant = "check-names ignore; check-integrity no; check-mx ignore; check-mx-cname ignore; " +
	"check-srv-cname ignore; check-sibling no; check-spf ignore; check-wildcard no; check-dup-records ignore; " +
	"max-records-per-type 0; max-types-per-name 0; max-zone-ttl unlimited; "

func (e *Engine) addStub(ctx context.Context, key zoneKey, forwarders []string) (installed, error) {
	statement, err := stubStatement(forwarders)
	if err != nil {
		return installed{}, &refusal{text: err.Error()}
	}
	err = e.addOrRemove(ctx, "addzone "+zoneArgs(key)+" "+statement)
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
