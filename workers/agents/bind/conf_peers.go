package bind

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// How servers of a fleet exchange zones, in named.conf. In each view a key of its own, which all
// servers have, leads to the view, lets zones be transferred and announces changes. Zones' statements
// name the list of primaries alone, so that other primaries need no other statements.

// userNotified is the list of those that the user has named notify.
const userNotified = "opsledger-notified"

// primariesName is the list of whom a view's zones are transferred from.
func primariesName(view int64) string { return "opsledger-" + viewName(view) }

// noPrimary stands in for the primaries while there are none: named takes no empty list. Nobody
// answers there.
const noPrimary = "127.0.0.1 port 1"

// exchangeOptions hold between servers of a fleet unless the user sets the same option. named else
// waits 5 s with the second notification of a zone, and asks and transfers a few zones a second.
var exchangeOptions = []string{
	"notify-delay 0", "notify-rate 1000", "startup-notify-rate 1000", "serial-query-rate 1000", "transfers-in 200", "transfers-per-ns 200",
}

// peerLists writes the keys of transfers, and the lists that zones and views name. Each view has its list
// of primaries on every server: named takes no configuration that lacks what the statement of a zone names,
// and a server that was a slave has such statements until its zones are others.
func (w *confWriter) peerLists(in confInput, conf *dns.BindConf, views []int64) {
	for _, id := range views {
		if in.peers.exchange() {
			w.key(transferKeyName(id), in.local.TransferSecrets[id])
		}
		w.open("primaries %s", quoted(primariesName(id)))
		w.servers(in.peers.primaries, in.listen.Port(), id)
		if len(in.peers.primaries) == 0 {
			w.line("%s;", noPrimary)
		}
		w.close()
	}
	if in.peers.secondary || !in.peers.exchange() {
		return
	}
	if listed, there := option(conf, "also-notify"); there {
		name := []dns.Element{{Text: "primaries"}, {Text: userNotified, Quoted: true}}
		w.text(dns.FormatStatements([]dns.Statement{{Elements: append(name, listed.Elements[1:]...)}}, 0))
	}
}

// servers lists servers with a view's key.
func (w *confWriter) servers(list []netip.Addr, port uint16, view int64) {
	for _, addr := range list {
		w.line("%s port %s key %s;", addr, strconv.Itoa(int(port)), quoted(transferKeyName(view)))
	}
}

// exchange writes what a view has for the other servers: a slave is told of changes, and a master tells.
func (w *confWriter) exchange(in confInput, conf *dns.BindConf, view int64) {
	switch {
	case in.peers.secondary:
		w.accessList("allow-notify", conf, transferKeyName(view))
	case in.peers.exchange():
		given, there := option(conf, "notify")
		silent := there && isNo(given)
		if silent || !there {
			w.line("notify explicit;")
		}
		w.open("also-notify")
		if _, there := option(conf, "also-notify"); there && !silent {
			w.line("%s;", quoted(userNotified))
		}
		w.servers(in.peers.secondaries, in.listen.Port(), view)
		w.close()
	}
}

// isNo says whether an option says no, as named reads that.
func isNo(s dns.Statement) bool {
	return len(s.Elements) == 2 && slices.Contains([]string{"no", "false", "0"}, strings.ToLower(s.Elements[1].Text))
}

// option returns the user's option of that name.
func option(conf *dns.BindConf, name string) (dns.Statement, bool) {
	for _, s := range conf.Options() {
		if s.Name() == name {
			return s, true
		}
	}
	return dns.Statement{}, false
}
