package executor

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Proxies are variables of an environment, name=value, that say by which proxy an address is
// reached. Their addresses may have a password in them.
//
// Invariants:
//  1. Only tools that fetch for an action get them, never an action's program.
//  2. A password in them reaches nobody but the user that the action runs as: no text, no
//     argument, and no tool that runs as the owner of somebody else's repository.
type Proxies []string

// proxyNames are the variables that curl, and so git, knows. HTTP_PROXY is none of them: a
// request to a CGI program could set it.
var proxyNames = []string{
	"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
}

// ProxiesOf returns the proxies of an environment.
func ProxiesOf(environment []string) (all Proxies) {
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		if value != "" && slices.Contains(proxyNames, name) {
			all = append(all, variable)
		}
	}
	return all
}

// userinfoPattern is what stands before the host in an address. A password may have in it
// whatever should have been escaped.
var userinfoPattern = regexp.MustCompile(`([A-Za-z][A-Za-z0-9+.-]*://)[^\s'"]*@`)

// forUser returns the variables for a tool, without passwords unless it is the action's user's.
func (p Proxies) forUser(own bool) []string {
	if own {
		return p
	}
	variables := make([]string, len(p))
	for i, variable := range p {
		name, value, _ := strings.Cut(variable, "=")
		if at := strings.LastIndexByte(value, '@'); at >= 0 {
			scheme, _, ok := strings.Cut(value, "://")
			if value = value[at+1:]; ok {
				value = scheme + "://" + value
			}
		}
		variables[i] = name + "=" + value
	}
	return variables
}

const (
	hidden = "***"
	// shortestSecret is how long a password is that is looked for outside of an address. A
	// shorter one is in many words.
	shortestSecret = 4
)

// hide removes user names and passwords of addresses from a text.
func (p Proxies) hide(text string) string {
	for _, secret := range p.secrets() {
		text = strings.ReplaceAll(text, secret, hidden)
	}
	return userinfoPattern.ReplaceAllString(text, "${1}"+hidden+"@")
}

// secrets are what must not be seen, the longest first, in each form that it may be shown in.
func (p Proxies) secrets() (all []string) {
	for _, variable := range p {
		_, value, _ := strings.Cut(variable, "=")
		_, rest, ok := strings.Cut(value, "://")
		if !ok {
			rest = value
		}
		at := strings.LastIndexByte(rest, '@')
		if at < 0 {
			continue
		}
		_, password, _ := strings.Cut(rest[:at], ":")
		for _, secret := range []string{rest[:at], password} {
			all = append(all, secret)
			if plain, err := url.PathUnescape(secret); err == nil {
				all = append(all, plain)
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int { return len(b) - len(a) })
	return slices.DeleteFunc(all, func(secret string) bool { return len(secret) < shortestSecret })
}
