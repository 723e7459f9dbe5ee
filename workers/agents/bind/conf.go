package bind

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// confInput is all that named.conf depends on.
type confInput struct {
	// text is the main configuration with its secrets in clear.
	text  string
	views map[int64]dns.ViewData
	// order is that in which views are matched, see [dns.InOrder].
	order  []int64
	local  *local
	peers  peers
	listen netip.AddrPort
	layout layout
}

const (
	controlKeyName = "opsledger-control"
	viewKeysACL    = "opsledger-view-keys"
)

// renderConf writes named.conf and returns it with its digest. named shows the
// digest as its server-id, so that the engine can ask which configuration named
// runs with.
//
// No text of the user's is copied: the main configuration is parsed into
// statements and written anew, and ACLs are parsed into entries. Whoever sent the text,
// statements that read files or load code are refused.
func renderConf(in confInput) (text, digest string, err error) {
	conf, err := dns.ReadBindConf(in.text)
	if err != nil {
		return "", "", err
	}
	if err := conf.ValidateStored(); err != nil {
		return "", "", err
	}
	body, err := writeConf(in, conf, "")
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(body))
	digest = hex.EncodeToString(sum[:16])
	text, err = writeConf(in, conf, digest)
	return text, digest, err
}

// writeConf writes named.conf with the given server-id.
func writeConf(in confInput, conf *dns.BindConf, serverID string) (string, error) {
	views := dns.InOrder(sortedIDs(in.views), in.order)
	var w confWriter
	w.line("%s Do not edit.", confHead(in))
	w.key(controlKeyName, in.local.ControlSecret)
	for _, id := range views {
		w.key(viewKeyName(id), in.local.ViewSecrets[id])
		w.key(probeKeyName(id), in.local.probeSecret(id))
	}
	w.peerLists(in, conf, views)
	w.viewKeys(in, views)
	w.controls(in.local)
	w.logging(conf, in.layout)
	w.text(dns.FormatStatements(onLoopback(conf.Others()), 0))
	w.options(conf, in, serverID)
	for _, id := range views {
		if err := w.view(id, in, conf); err != nil {
			return "", err
		}
	}
	return w.out.String(), nil
}

// controls lets whoever has the control key, on this machine, command named.
func (w *confWriter) controls(of *local) {
	w.line("controls { inet 127.0.0.1 port %d allow { 127.0.0.1; } keys { %s; }; };", of.ControlPort, quoted(controlKeyName))
}

func sortedIDs(views map[int64]dns.ViewData) []int64 {
	ids := make([]int64, 0, len(views))
	for id := range views {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// quoted writes text that the engine itself chose: paths, numbers, fixed names.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

type confWriter struct {
	out   strings.Builder
	depth int
}

func (w *confWriter) line(format string, args ...any) {
	w.out.WriteString(strings.Repeat("\t", w.depth))
	fmt.Fprintf(&w.out, format, args...)
	w.out.WriteByte('\n')
}

func (w *confWriter) open(format string, args ...any) {
	w.line(format+" {", args...)
	w.depth++
}

func (w *confWriter) close() {
	w.depth--
	w.line("};")
}

func (w *confWriter) text(s string) { w.out.WriteString(s) }

func (w *confWriter) key(name string, secret []byte) {
	w.line("key %s { algorithm hmac-sha256; secret %s; };", quoted(name), quoted(base64.StdEncoding.EncodeToString(secret)))
}

func (w *confWriter) keys(names []string) {
	for _, name := range names {
		w.line("key %s;", quoted(name))
	}
}

// viewKeys writes the list of all views' keys. Each view refuses the keys in it,
// except its own.
func (w *confWriter) viewKeys(in confInput, views []int64) {
	if len(views) == 0 {
		return
	}
	w.open("acl %s", quoted(viewKeysACL))
	for _, id := range views {
		w.line("key %s;", quoted(viewKeyName(id)))
		w.line("key %s;", quoted(probeKeyName(id)))
		if in.peers.exchange() {
			w.line("key %s;", quoted(transferKeyName(id)))
		}
	}
	w.close()
}

// logging is generated when the user says nothing about it.
func (w *confWriter) logging(conf *dns.BindConf, l layout) {
	for _, s := range conf.Others() {
		if s.Name() == "logging" {
			return
		}
	}
	w.ownLogging(l)
}

func (w *confWriter) ownLogging(l layout) {
	w.open("logging")
	w.line("channel opsledger { file %s versions 3 size 20m; severity info; print-time iso8601-utc; print-severity yes; print-category yes; };", quoted(l.log()))
	w.line("category default { opsledger; };")
	w.line("category lame-servers { null; };")
	w.line("category xfer-out { null; };")
	w.close()
}

// options writes one options block: generated options, the user's own, and
// defaults for options that the user leaves out. The views say who may query or
// transfer, in the user's words.
func (w *confWriter) options(conf *dns.BindConf, in confInput, serverID string) {
	w.open("options")
	w.line("directory %s;", quoted(in.layout.work()))
	w.line("new-zones-directory %s;", quoted(in.layout.databases()))
	w.places(in.layout)
	w.line("server-id %s;", quoted(serverID))
	w.listen(in.listen)
	given := map[string]bool{}
	for _, s := range conf.Options() {
		given[s.Name()] = true
		if !saidInViews(s.Name()) {
			w.text(dns.FormatStatements([]dns.Statement{s}, w.depth))
		}
	}
	defaults := defaultOptions
	if in.peers.exchange() {
		defaults = slices.Concat(defaults, exchangeOptions)
	}
	for _, d := range defaults {
		if name, _, _ := strings.Cut(d, " "); !given[name] {
			w.line("%s;", d)
		}
	}
	if !given["notify"] {
		w.line("notify %s;", notifyWhom(given["also-notify"]))
	}
	w.close()
}

// places are where named keeps what is its own, but for zones.
func (w *confWriter) places(l layout) {
	w.line("managed-keys-directory %s;", quoted(l.work()))
	w.line("pid-file %s;", quoted(l.pid()))
	w.line("lock-file %s;", quoted(l.lock()))
	w.line("session-keyfile none;")
}

// notifyWhom is whom named notifies of changes if the user does not say it: those that the
// user lists, and not the zones' name servers, which have agents of their own.
func notifyWhom(listed bool) string {
	if listed {
		return "explicit"
	}
	return "no"
}

// defaultOptions hold unless the user sets the same option. empty-zones-enable: a
// zone of the log could not replace an automatic empty zone without a
// reconfiguration. transfers-out: each worker may transfer a zone, and named counts
// a transfer for a moment longer than it lasts.
var defaultOptions = []string{"empty-zones-enable no", "tcp-clients 1000", "transfers-out 200"}

func saidInViews(option string) bool { return option == "allow-query" || option == "allow-transfer" }

func (w *confWriter) listen(at netip.AddrPort) {
	addr := at.Addr().String()
	switch {
	case at.Addr().IsUnspecified():
		w.line("listen-on port %d { any; };", at.Port())
		w.line("listen-on-v6 port %d { any; };", at.Port())
	case at.Addr().Is4():
		w.line("listen-on port %d { %s; };", at.Port(), addr)
		w.line("listen-on-v6 { none; };")
	default:
		w.line("listen-on { none; };")
		w.line("listen-on-v6 port %d { %s; };", at.Port(), addr)
	}
}

// view writes one view. The view's keys lead to it whatever its ACL says, and the keys of
// other views never do. The probe key gives no right: who asks with it is a client.
func (w *confWriter) view(id int64, in confInput, conf *dns.BindConf) error {
	data := in.views[id]
	entries, err := dns.ParseACL(data.ACL)
	if err != nil {
		return fmt.Errorf("view %s: %w", data.Name, err)
	}
	own := []string{viewKeyName(id)}
	if in.peers.exchange() {
		own = append(own, transferKeyName(id))
	}
	w.open("view %s IN", quoted(viewName(id)))
	w.open("match-clients")
	w.keys(append(own, probeKeyName(id)))
	w.line("!%s;", quoted(viewKeysACL))
	for _, e := range entries {
		w.line("%s;", e)
	}
	w.close()
	w.line("allow-new-zones yes;")
	w.line("lmdb-mapsize %s;", newZoneMapSize)
	w.accessList("allow-transfer", conf, own...)
	if _, there := option(conf, "allow-query"); there {
		w.accessList("allow-query", conf, own...)
	}
	w.exchange(in, conf, id)
	w.close()
	return nil
}

// newZoneMapSize is the room for a view's zone statements, some 300 octets
// each. It is address space, not memory.
const newZoneMapSize = "512M"

// accessList writes who may do something in a view: whoever has one of the keys, and whom the user's
// option of that name lists.
func (w *confWriter) accessList(option string, conf *dns.BindConf, keys ...string) {
	w.open("%s", option)
	w.keys(keys)
	for _, s := range conf.Options() {
		if s.Name() != option {
			continue
		}
		for _, e := range s.Elements {
			if e.IsBlock {
				w.text(dns.FormatStatements(e.Block, w.depth))
			}
		}
	}
	w.close()
}

// confHead is the first line of every configuration for these ports. By it the
// engine sees whether an existing file is for the ports that it uses.
func confHead(in confInput) string {
	return "// Generated by opsledger for " + in.listen.String() + ", control port " + strconv.Itoa(int(in.local.ControlPort)) + "."
}
