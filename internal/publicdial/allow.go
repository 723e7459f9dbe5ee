package publicdial

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// Allowed is what may be connected to though it is not public: a host by its name, whatever that
// resolves to, or addresses; on one port, or on all.
type Allowed struct {
	// host is in lower case and without a final dot, empty where prefix says which.
	host   string
	prefix netip.Prefix
	// port is 0 for all ports.
	port uint16
}

// ParseAllowed reads a name, an address or a CIDR, the first two with a port or without:
// hooks.internal, hooks.internal:8443, 10.1.2.3, [fd00::1]:80, 10.0.0.0/8.
func ParseAllowed(text string) (Allowed, error) {
	if strings.Contains(text, "/") {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return Allowed{}, fmt.Errorf("%q is no CIDR, such as 10.0.0.0/8", text)
		}
		return Allowed{prefix: prefix.Masked()}, nil
	}
	host, port := text, uint64(0)
	if name, number, err := net.SplitHostPort(text); err == nil {
		if port, err = strconv.ParseUint(number, 10, 16); err != nil || port == 0 {
			return Allowed{}, fmt.Errorf("%q has no port behind the colon", text)
		}
		host = name
	}
	if addr, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		addr = addr.Unmap()
		return Allowed{prefix: netip.PrefixFrom(addr, addr.BitLen()), port: uint16(port)}, nil
	}
	host = foldHost(host)
	if err := CheckHost(host); err != nil {
		return Allowed{}, fmt.Errorf("%q: %w", text, err)
	}
	return Allowed{host: host, port: uint16(port)}, nil
}

func foldHost(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

// ErrNoHost: a text is no name of a host, nor an address in its own form.
var ErrNoHost = errors.New("must be a host name in ASCII letters, or an IP address in its usual form")

// CheckHost refuses a text that is neither an address in its usual form, nor a name. What looks
// like a number, such as 0x7f.1, 2130706433 or 127.1, is an address to some resolvers and a name to
// others, and is neither here.
func CheckHost(host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	labels := strings.Split(foldHost(host), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return ErrNoHost
		}
	}
	last := labels[len(labels)-1]
	if len(host) > 253 || strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		return ErrNoHost
	}
	return nil
}

// names says whether the host is allowed by its name.
func (a *Allowed) names(host string, port uint16) bool {
	return a.host != "" && a.host == host && (a.port == 0 || a.port == port)
}

// has says whether the address is allowed.
func (a *Allowed) has(addr netip.Addr, port uint16) bool {
	return a.host == "" && a.prefix.Contains(addr) && (a.port == 0 || a.port == port)
}

// HasAddresses says whether addresses are allowed, and no host by its name.
func (a Allowed) HasAddresses() bool { return a.host == "" }
