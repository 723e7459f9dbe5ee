package moveout

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/opsledger/opsledger/domain/dns"
)

// Main is the main configuration, as it stands in files.
//
// Invariants:
//  1. A secret is one that the caller has given, or a fresh one: the API tells none, and nobody
//     holds a key that was made up here.
//  2. What the name servers of the agents do without being told is written down, where named would do
//     otherwise.
type Main struct {
	conf *dns.BindConf
	// Fresh are the names of the keys that got a fresh secret.
	Fresh []string
}

// reference is what the API shows in place of a secret.
var reference = regexp.MustCompile(`vault:([0-9a-f-]{36})`)

// NewMain reads the main configuration as the API shows it. held is a text of key statements whose
// secrets the caller holds, empty for none.
func NewMain(text, held string) (*Main, error) {
	fresh := map[string]string{}
	for _, found := range reference.FindAllStringSubmatch(text, -1) {
		fresh[found[1]] = freshSecret()
	}
	filled, err := dns.FillSecrets(text, fresh)
	if err != nil {
		return nil, fmt.Errorf("the BIND configuration: %w", err)
	}
	m := &Main{}
	if m.conf, err = dns.ReadBindConf(filled); err != nil {
		return nil, fmt.Errorf("the BIND configuration: %w", err)
	}
	if err := m.conf.ValidateStored(); err != nil {
		return nil, fmt.Errorf("the BIND configuration: %w", err)
	}
	return m, m.fill(held)
}

// freshSecret is in hexadecimal digits, which are base64, too.
func freshSecret() string {
	secret := make([]byte, 16)
	rand.Read(secret)
	return hex.EncodeToString(secret)
}

// fill gives the keys the secrets that are held.
func (m *Main) fill(held string) error {
	known := map[string]dns.Statement{}
	if held != "" {
		conf, err := dns.ReadBindConf(held)
		if err != nil {
			return err
		}
		for _, s := range conf.Statements {
			if s.Name() != "key" {
				return fmt.Errorf("line %d: a file of keys has key statements alone", s.Line)
			}
		}
		if err := conf.ValidateStored(); err != nil {
			return err
		}
		for _, s := range conf.Statements {
			known[keyName(s)] = s
		}
	}
	for i, s := range m.conf.Statements {
		if s.Name() != "key" {
			continue
		}
		if given, has := known[keyName(s)]; has {
			m.conf.Statements[i] = given
		} else {
			m.Fresh = append(m.Fresh, keyName(s))
		}
	}
	return nil
}

// keyName is as named compares it.
func keyName(s dns.Statement) string {
	if len(s.Elements) < 2 {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(s.Elements[1].Text, "."))
}

func isKey(s dns.Statement) bool { return s.Name() == "key" }

func (m *Main) hasKeys() bool { return slices.ContainsFunc(m.conf.Statements, isKey) }

// keys are the statements with secrets.
func (m *Main) keys() []dns.Statement {
	return slices.DeleteFunc(m.conf.Others(), func(s dns.Statement) bool { return !isKey(s) })
}

func (m *Main) others() []dns.Statement { return slices.DeleteFunc(m.conf.Others(), isKey) }

// options are the user's, and those that an agent would add. A cookie secret is left to named, which
// makes one.
func (m *Main) options() []dns.Statement {
	given := map[string]bool{}
	var all []dns.Statement
	for _, s := range m.conf.Options() {
		given[s.Name()] = true
		if s.Name() != "cookie-secret" {
			all = append(all, s)
		}
	}
	notify := "notify no"
	if given["also-notify"] {
		notify = "notify explicit"
	}
	for _, text := range []string{"allow-transfer { none; }", "empty-zones-enable no", notify} {
		if name, _, _ := strings.Cut(text, " "); !given[name] {
			all = append(all, statement(text))
		}
	}
	return all
}

// statement parses a text of ours.
func statement(text string) dns.Statement {
	conf, err := dns.ReadBindConf(text + ";")
	if err != nil {
		panic(err)
	}
	return conf.Statements[0]
}
