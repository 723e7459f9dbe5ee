package directory

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"github.com/opsledger/opsledger/internal/loopback"
)

// placeholder stands for the name in a DN template and in a filter.
const placeholder = "{username}"

const (
	// DefaultTimeout is the time that one server has for one question.
	DefaultTimeout = 5 * time.Second
	// DefaultFilter finds the entries of POSIX-like directories.
	DefaultFilter = "(uid=" + placeholder + ")"
	// defaultName is the attribute that DefaultFilter compares.
	defaultName = "uid"
)

// Config says where the directory is and how names become entries: by
// BindDNTemplate, or by a search under SearchBase; one of the two.
type Config struct {
	// URLs are the servers, ldap:// or ldaps://; the next is asked when one
	// cannot be reached.
	URLs []string
	// BindDNTemplate is a DN with {username} in it.
	BindDNTemplate string
	// SearchBase is where SearchFilter ([DefaultFilter] when empty, with
	// {username} in it) looks for the one entry of a name. DefaultFilter finds it by its
	// mail address, too.
	SearchBase   string
	SearchFilter string
	// BindDN and BindPassword are an account that may look entries up. Without
	// it they are looked up anonymously: the directory must then show them.
	BindDN       string
	BindPassword string
	// StartTLS encrypts connections to ldap:// servers before anything is said.
	StartTLS bool
	// AllowCleartext lets passwords travel to ldap:// servers on other machines
	// without TLS.
	AllowCleartext bool
	// CAFile holds the PEM certificates that servers' are checked against; the
	// system's when empty.
	CAFile string
	// Timeout bounds all that one server is asked in one question, the
	// connection included; [DefaultTimeout] when 0.
	Timeout time.Duration
	// UsernameAttribute has the username of whoever was found; uid when empty and a search
	// is by the default filter. Else the username is what was typed, and somebody whom
	// a filter finds by name and by mail is two users.
	UsernameAttribute string
	// MailAttribute, NameAttribute and PhoneAttribute name what a [Person] is
	// read from: mail, cn and mobile when empty.
	MailAttribute  string
	NameAttribute  string
	PhoneAttribute string
	// Log is told of servers that cannot be reached and entries that cannot be
	// used; nil is [slog.Default].
	Log *slog.Logger
}

// server is one parsed URL.
type server struct {
	url     string // without what could be secret
	address string // host:port
	tls     bool   // from the first byte
	config  *tls.Config
}

// complete checks the configuration and fills in what is left out. Errors name
// the field as the flags do.
func (c *Config) complete() error {
	c.SearchFilter = cmp.Or(c.SearchFilter, DefaultFilter)
	if c.SearchBase != "" && c.SearchFilter == DefaultFilter {
		c.UsernameAttribute = cmp.Or(c.UsernameAttribute, defaultName)
	}
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	c.MailAttribute = cmp.Or(c.MailAttribute, "mail")
	c.NameAttribute = cmp.Or(c.NameAttribute, "cn")
	c.PhoneAttribute = cmp.Or(c.PhoneAttribute, "mobile")
	if c.Log == nil {
		c.Log = slog.Default()
	}
	switch {
	case (c.BindDNTemplate == "") == (c.SearchBase == ""):
		return errors.New("ldap: give either a bind DN template or a search base")
	case c.Timeout < 0:
		return errors.New("ldap timeout: must be above 0")
	case (c.BindDN == "") != (c.BindPassword == ""):
		// A bind without a password succeeds and proves nothing (RFC 4513, 5.1.2).
		return errors.New("ldap bind DN: needs a password, and a password needs a bind DN")
	}
	return c.checkNames()
}

// checkNames checks the DNs and the filter with a name in its place.
func (c *Config) checkNames() error {
	if c.BindDNTemplate != "" {
		if !strings.Contains(c.BindDNTemplate, placeholder) {
			return fmt.Errorf("ldap bind DN template: %s is missing", placeholder)
		}
		if _, err := ldap.ParseDN(c.userDN("name")); err != nil {
			return fmt.Errorf("ldap bind DN template: %w", err)
		}
		return nil
	}
	if _, err := ldap.ParseDN(c.SearchBase); err != nil {
		return fmt.Errorf("ldap search base: %w", err)
	}
	if !strings.Contains(c.SearchFilter, placeholder) {
		return fmt.Errorf("ldap search filter: %s is missing", placeholder)
	}
	if _, err := ldap.CompileFilter(c.filter("name")); err != nil {
		return fmt.Errorf("ldap search filter: %w", err)
	}
	return nil
}

// userDN is the template's DN for a name.
func (c *Config) userDN(name string) string {
	return strings.ReplaceAll(c.BindDNTemplate, placeholder, ldap.EscapeDN(name))
}

// filter is the filter for a name, or, where it is the default one, for a mail address.
func (c *Config) filter(name string) string {
	filter := strings.ReplaceAll(c.SearchFilter, placeholder, ldap.EscapeFilter(name))
	if c.SearchFilter == DefaultFilter && strings.Contains(name, "@") {
		filter = "(|" + filter + "(" + c.MailAttribute + "=" + ldap.EscapeFilter(name) + "))"
	}
	return filter
}

// servers parses the URLs.
func (c *Config) servers() ([]server, error) {
	if len(c.URLs) == 0 {
		return nil, errors.New("ldap url: none is given")
	}
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	list := make([]server, 0, len(c.URLs))
	for _, text := range c.URLs {
		s, err := c.server(text)
		if err != nil {
			return nil, fmt.Errorf("ldap url: %w", err)
		}
		s.config.RootCAs = roots
		list = append(list, s)
	}
	return list, nil
}

func (c *Config) server(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		// The text is not repeated: it may hold a password.
		return server{}, errors.New("want ldap://host:port or ldaps://host:port and nothing else")
	}
	s := server{url: u.Scheme + "://" + u.Host, config: &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}
	port := u.Port()
	switch u.Scheme {
	case "ldap":
		port = cmp.Or(port, ldap.DefaultLdapPort)
	case "ldaps":
		port, s.tls = cmp.Or(port, ldap.DefaultLdapsPort), true
	default:
		return server{}, errors.New("want ldap://host:port or ldaps://host:port")
	}
	if !s.tls && !c.StartTLS && !c.AllowCleartext && !loopback.Names(u.Hostname()) {
		return server{}, fmt.Errorf("%s would get passwords in clear: use ldaps:// or StartTLS", s.url)
	}
	s.address = net.JoinHostPort(u.Hostname(), port)
	return s, nil
}

// roots reads the CA file; nil stands for the system's certificates.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ldap CA file: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ldap CA file: %s holds no PEM certificate", c.CAFile)
	}
	return roots, nil
}
