package directory_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opsledger/opsledger/identity/directory"
	"github.com/opsledger/opsledger/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const template = "uid={username},ou=people,dc=example,dc=org"

func people() string {
	var ldif strings.Builder
	testkit.LDAPPerson(&ldif, "alice", "wonder land", "mail: alice@example.org", "mobile: +86 10 5555", "displayName: 爱丽丝")
	testkit.LDAPPerson(&ldif, "bob", "builder", "mail: bob@example.org", "mail: second@example.org")
	testkit.LDAPPerson(&ldif, "li", "builder", "mail: li@example.org")
	testkit.LDAPPerson(&ldif, "a*", "star")
	// Two entries answer to one name.
	testkit.LDAPPerson(&ldif, "twin", "one")
	ldif.WriteString("dn: cn=other,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\ncn: other\nsn: other\nuid: twin\nuid: triplet\nuserPassword: one\n\n")
	testkit.LDAPPerson(&ldif, "triplet", "one")
	testkit.LDAPPerson(&ldif, "third", "one", "uid: triplet")
	// Nobody can have this one's password: there is none.
	ldif.WriteString("dn: uid=nopass,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\ncn: n\nsn: n\nuid: nopass\n\n")
	return ldif.String()
}

func open(t *testing.T, cfg directory.Config) *directory.Directory {
	t.Helper()
	cfg.Log = slog.New(slog.DiscardHandler)
	if cfg.Timeout == 0 {
		cfg.Timeout = testkit.Patience
	}
	d, err := directory.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ways are the four ways to reach a directory: by template or search, over LDAPS or
// StartTLS.
func ways(s *testkit.LDAPServer) map[string]directory.Config {
	byTemplate := directory.Config{BindDNTemplate: template, CAFile: s.CAFile, BindDN: testkit.LDAPReader, BindPassword: testkit.LDAPReaderPassword}
	bySearch := directory.Config{SearchBase: testkit.LDAPBase, CAFile: s.CAFile, BindDN: testkit.LDAPReader, BindPassword: testkit.LDAPReaderPassword}
	over := func(cfg directory.Config, url string, startTLS bool) directory.Config {
		cfg.URLs, cfg.StartTLS = []string{url}, startTLS
		return cfg
	}
	return map[string]directory.Config{
		"template, ldaps":    over(byTemplate, "ldaps://"+s.TLSAddr, false),
		"template, starttls": over(byTemplate, "ldap://"+s.Addr, true),
		"search, ldaps":      over(bySearch, "ldaps://"+s.TLSAddr, false),
		"search, starttls":   over(bySearch, "ldap://"+s.Addr, true),
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	s := testkit.LDAP(t, false, people())
	for way, cfg := range ways(s) {
		t.Run(way, func(t *testing.T) {
			d := open(t, cfg)
			person, err := d.Authenticate(t.Context(), "alice", "wonder land")
			want := directory.Person{Mail: "alice@example.org", Name: "alice", Phone: "+86 10 5555"}
			if cfg.SearchBase != "" {
				want.Username = "alice"
			}
			if err != nil || person != want {
				t.Errorf("got %+v, %v", person, err)
			}
			for _, c := range []struct {
				name, password string
				want           error
			}{
				{"ALICE", "wonder land", nil}, // uid compares without case
				{"bob", "builder", nil},
				{"a*", "star", nil}, // a name is a value, never a pattern
				{"alice", "wonder", directory.ErrRefused},
				{"alice", "", directory.ErrRefused},
				{"alice", "\x00wonder land", directory.ErrRefused},
				{"alice", "wonder land\x00", directory.ErrRefused},
				{"nopass", "x", directory.ErrRefused},
				{"nopass", "", directory.ErrRefused},
				{"nobody", "x", directory.ErrUnknown},
				{"nobody", "", directory.ErrRefused}, // nobody is asked
				{"", "x", directory.ErrUnknown},
				{"al\x00ice", "wonder land", directory.ErrUnknown},
				{"ali\xff", "wonder land", directory.ErrUnknown},
				// Filters.
				{"*", "wonder land", directory.ErrUnknown},
				{"al*", "wonder land", directory.ErrUnknown},
				{"alice)(uid=*", "wonder land", directory.ErrUnknown},
				{"*)(uid=*))(|(uid=*", "wonder land", directory.ErrUnknown},
				{`\61lice`, "wonder land", directory.ErrUnknown},
				// DNs.
				{"alice,ou=people", "wonder land", directory.ErrUnknown},
				{"x,uid=alice", "wonder land", directory.ErrUnknown},
				{"alice+cn=alice", "wonder land", directory.ErrUnknown},
				{"#616c696365", "wonder land", directory.ErrUnknown},
			} {
				if _, err := d.Authenticate(t.Context(), c.name, c.password); !errors.Is(err, c.want) {
					t.Errorf("%q with %q: %v, want %v", c.name, c.password, err, c.want)
				}
			}
			for name, want := range map[string]bool{"alice": true, "nopass": true, "nobody": false, "*": false, "": false} {
				if known, err := d.Knows(t.Context(), name); known != want || err != nil {
					t.Errorf("knows %q: %v, %v", name, known, err)
				}
			}
		})
	}
	t.Run("several entries of one name", func(t *testing.T) {
		d := open(t, ways(s)["search, ldaps"])
		for _, name := range []string{"twin", "triplet"} { // as many as are asked for, and more
			if _, err := d.Authenticate(t.Context(), name, "one"); !errors.Is(err, directory.ErrRefused) {
				t.Errorf("logged in as one of several: %v", err)
			}
			if known, err := d.Knows(t.Context(), name); !known || err != nil {
				t.Errorf("knows %s: %v, %v", name, known, err)
			}
		}
	})
	t.Run("by mail", func(t *testing.T) {
		d := open(t, ways(s)["search, ldaps"])
		for typed, want := range map[string]string{"second@example.org": "bob", "BOB@example.org": "bob", "bob": "bob", "BOB": "BOB", "li": "li", "li@example.org": "li"} {
			if person, err := d.Authenticate(t.Context(), typed, "builder"); err != nil || person.Username != want {
				t.Errorf("%s: %+v, %v", typed, person, err)
			}
		}
		for typed, want := range map[string]error{"bob@example.com": directory.ErrUnknown, "*@example.org": directory.ErrUnknown, "alice@example.org": directory.ErrRefused} {
			if _, err := d.Authenticate(t.Context(), typed, "builder"); !errors.Is(err, want) {
				t.Errorf("%s: %v", typed, err)
			}
		}
		// Whoever says what finds an entry says what its name is.
		cfg := ways(s)["search, ldaps"]
		cfg.SearchFilter = "(|(uid={username})(mail={username}))"
		for attribute, want := range map[string]string{"": "", "cn": "bob", "description": ""} {
			cfg.UsernameAttribute = attribute
			if person, err := open(t, cfg).Authenticate(t.Context(), "bob@example.org", "builder"); err != nil || person.Username != want {
				t.Errorf("%q: %+v, %v", attribute, person, err)
			}
		}
	})
	t.Run("attributes", func(t *testing.T) {
		cfg := ways(s)["search, ldaps"]
		cfg.NameAttribute, cfg.MailAttribute, cfg.PhoneAttribute = "displayName", "MAIL", "pager"
		person, err := open(t, cfg).Authenticate(t.Context(), "alice", "wonder land")
		if want := (directory.Person{Username: "alice", Mail: "alice@example.org", Name: "爱丽丝"}); err != nil || person != want {
			t.Errorf("got %+v, %v", person, err)
		}
	})
}

// What no server may be trusted with is not even sent: one that takes a NUL for
// the end of a text, or a bind without a password for a proof, would let anybody in.
func TestNotAsked(t *testing.T) {
	t.Parallel()
	d := open(t, directory.Config{URLs: []string{"ldap://" + testkit.Address(t)}, BindDNTemplate: template})
	for _, c := range []struct {
		name, password string
		want           error
	}{
		{"alice", "", directory.ErrRefused},
		{"alice", "\x00", directory.ErrRefused},
		{"alice", "wonder\x00land", directory.ErrRefused},
		{"", "wonder land", directory.ErrUnknown},
		{"alice\x00", "wonder land", directory.ErrUnknown},
		{"alice\xff", "wonder land", directory.ErrUnknown},
		{"alice", "wonder land", directory.ErrUnavailable}, // this one is
	} {
		if _, err := d.Authenticate(t.Context(), c.name, c.password); !errors.Is(err, c.want) {
			t.Errorf("%q with %q: %v, want %v", c.name, c.password, err, c.want)
		}
	}
}

// Without an account to look names up the directory decides what it shows.
func TestAnonymousLookup(t *testing.T) {
	t.Parallel()
	s := testkit.LDAP(t, true, people())
	for name, cfg := range map[string]directory.Config{"template": {BindDNTemplate: template}, "search": {SearchBase: testkit.LDAPBase}} {
		cfg.URLs, cfg.CAFile = []string{"ldaps://" + s.TLSAddr}, s.CAFile
		d := open(t, cfg)
		_, right := d.Authenticate(t.Context(), "alice", "wonder land")
		_, wrong := d.Authenticate(t.Context(), "alice", "wonder")
		_, unknown := d.Authenticate(t.Context(), "nobody", "wonder")
		known, err := d.Knows(t.Context(), "alice")
		if right != nil || !errors.Is(wrong, directory.ErrRefused) || !errors.Is(unknown, directory.ErrUnknown) || !known || err != nil {
			t.Errorf("%s: right %v, wrong %v, unknown %v, knows %v, %v", name, right, wrong, unknown, known, err)
		}
	}
}

func TestUnavailable(t *testing.T) {
	t.Parallel()
	s, other := testkit.LDAP(t, false, people()), testkit.LDAP(t, false, "")
	good := ways(s)["search, ldaps"]
	change := func(f func(*directory.Config)) directory.Config {
		cfg := good
		f(&cfg)
		return cfg
	}
	mute, away := muteListener(t), testkit.Address(t)
	for name, cfg := range map[string]directory.Config{
		"away":                  change(func(c *directory.Config) { c.URLs = []string{"ldaps://" + away} }),
		"certificate of others": change(func(c *directory.Config) { c.CAFile = other.CAFile }),
		"certificate, starttls": change(func(c *directory.Config) {
			c.URLs, c.StartTLS, c.CAFile = []string{"ldap://" + s.Addr}, true, other.CAFile
		}),
		"certificate, system's": change(func(c *directory.Config) { c.CAFile = "" }),
		"certificate, name": change(func(c *directory.Config) {
			c.URLs = []string{"ldaps://" + strings.Replace(s.TLSAddr, "127.0.0.1", "localhost", 1)}
		}),
		"mute, ldaps": change(func(c *directory.Config) { c.URLs, c.Timeout = []string{"ldaps://" + mute}, 200*time.Millisecond }),
		"mute, ldap":  change(func(c *directory.Config) { c.URLs, c.Timeout = []string{"ldap://" + mute}, 200*time.Millisecond }),
		"mute, starttls": change(func(c *directory.Config) {
			c.URLs, c.StartTLS, c.Timeout = []string{"ldap://" + mute}, true, 200*time.Millisecond
		}),
		"no tls there":   change(func(c *directory.Config) { c.URLs, c.Timeout = []string{"ldaps://" + s.Addr}, time.Second }),
		"reader refused": change(func(c *directory.Config) { c.BindPassword = "wrong" }),
		"no such base":   change(func(c *directory.Config) { c.SearchBase = "ou=nowhere,dc=example,dc=org" }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := open(t, cfg)
			if _, err := d.Authenticate(t.Context(), "alice", "wonder land"); !errors.Is(err, directory.ErrUnavailable) {
				t.Errorf("authenticate: %v", err)
			} else if strings.HasPrefix(name, "certificate") && !strings.Contains(err.Error(), "certificate") {
				t.Errorf("refused for another reason: %v", err)
			}
			if _, err := d.Knows(t.Context(), "alice"); !errors.Is(err, directory.ErrUnavailable) {
				t.Errorf("knows: %v", err)
			}
		})
	}
	t.Run("a caller who gives up", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		d := open(t, change(func(c *directory.Config) { c.URLs, c.Timeout = []string{"ldap://" + mute}, time.Hour }))
		time.AfterFunc(50*time.Millisecond, cancel)
		if _, err := d.Authenticate(ctx, "alice", "wonder land"); !errors.Is(err, directory.ErrUnavailable) {
			t.Error(err)
		}
	})
}

// muteListener accepts connections and never says a word.
func muteListener(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		var open []net.Conn
		for {
			conn, err := listener.Accept()
			if err != nil {
				break
			}
			open = append(open, conn)
		}
		for _, conn := range open {
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-done })
	return listener.Addr().String()
}

// The second server takes over from one that cannot be reached, stays first then,
// and hands back; an answer is never asked for twice.
func TestFailover(t *testing.T) {
	t.Parallel()
	first, second := testkit.LDAP(t, false, people()), testkit.LDAP(t, false, strings.ReplaceAll(people(), "wonder land", "second secret"))
	cfg := ways(first)["search, starttls"]
	cfg.URLs, cfg.StartTLS = []string{"ldap://" + first.Addr, "ldap://" + second.Addr}, false // on this machine
	d := open(t, cfg)
	expect := func(password string, want error) {
		t.Helper()
		if _, err := d.Authenticate(t.Context(), "alice", password); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", password, err, want)
		}
	}
	expect("wonder land", nil)
	expect("second secret", directory.ErrRefused) // the first one answered: the second is not asked
	first.Stop()
	expect("second secret", nil)
	expect("wonder land", directory.ErrRefused)
	first.Start()
	expect("second secret", nil)
	second.Stop()
	expect("wonder land", nil)
	first.Stop()
	expect("wonder land", directory.ErrUnavailable)
}

func TestConfig(t *testing.T) {
	t.Parallel()
	good := directory.Config{URLs: []string{"ldaps://ldap.example.org"}, BindDNTemplate: template}
	for says, change := range map[string]func(*directory.Config){
		"":                 func(*directory.Config) {},
		"none is given":    func(c *directory.Config) { c.URLs = nil },
		"either a bind":    func(c *directory.Config) { c.BindDNTemplate = "" },
		"or a search base": func(c *directory.Config) { c.SearchBase = "dc=example" },
		"{username}":       func(c *directory.Config) { c.BindDNTemplate = "uid=x,dc=example" },
		"bind DN template": func(c *directory.Config) { c.BindDNTemplate = "{username}" },
		"search filter": func(c *directory.Config) {
			c.BindDNTemplate, c.SearchBase, c.SearchFilter = "", "dc=example", "(uid=x)"
		},
		"search filter: ": func(c *directory.Config) {
			c.BindDNTemplate, c.SearchBase, c.SearchFilter = "", "dc=example", "(uid={username}"
		},
		"search base":      func(c *directory.Config) { c.BindDNTemplate, c.SearchBase = "", "nowhere" },
		"needs a password": func(c *directory.Config) { c.BindDN = "cn=reader" },
		"a password needs": func(c *directory.Config) { c.BindPassword = "x" },
		"in clear":         func(c *directory.Config) { c.URLs = []string{"ldap://ldap.example.org"} },
		"nothing else":     func(c *directory.Config) { c.URLs = []string{"ldaps://cn:secret@ldap.example.org"} },
		"want ldap":        func(c *directory.Config) { c.URLs = []string{"https://ldap.example.org"} },
		"no such file":     func(c *directory.Config) { c.CAFile = filepath.Join(t.TempDir(), "missing") },
		"no PEM":           func(c *directory.Config) { c.CAFile = "directory_test.go" },
		"timeout":          func(c *directory.Config) { c.Timeout = -1 },
	} {
		cfg := good
		change(&cfg)
		_, err := directory.New(cfg)
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v", says, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a password in the text: %v", err)
		}
	}
	for _, fine := range []string{"ldap://127.0.0.1:1389", "ldap://localhost", "ldap://[::1]", "ldaps://x:636/"} {
		cfg := good
		cfg.URLs = []string{fine}
		if _, err := directory.New(cfg); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
}
