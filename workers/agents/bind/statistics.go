package bind

import (
	"net/netip"
	"slices"

	"github.com/opsledger/opsledger/domain/dns"
)

// onLoopback has named's statistics channels listen on this host alone. They answer
// anybody who reaches them with the names of all zones and views. A configuration of
// an earlier version may say otherwise.
func onLoopback(statements []dns.Statement) []dns.Statement {
	out := slices.Clone(statements)
	for i, s := range out {
		if s.Name() != "statistics-channels" {
			continue
		}
		out[i].Elements = slices.Clone(s.Elements)
		for j, e := range s.Elements {
			e.Block = slices.Clone(e.Block)
			for k, channel := range e.Block {
				e.Block[k] = channelOnLoopback(channel)
			}
			out[i].Elements[j] = e
		}
	}
	return out
}

func channelOnLoopback(channel dns.Statement) dns.Statement {
	if len(channel.Elements) < 2 || channel.Name() != "inet" {
		return channel
	}
	addr, err := netip.ParseAddr(channel.Elements[1].Text)
	if err == nil && addr.IsLoopback() {
		return channel
	}
	text := "127.0.0.1"
	if err == nil && addr.Is6() {
		text = "::1"
	}
	channel.Elements = slices.Clone(channel.Elements)
	channel.Elements[1] = dns.Element{Text: text}
	return channel
}
