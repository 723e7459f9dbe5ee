package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/opsledger/opsledger/identity/directory"
)

// ldapFlags say which directory vouches for users; without --ldap-url none does.
func ldapFlags(c *Config) []cli.Flag {
	l := &c.LDAP
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "ldap-url", Usage: "LDAP server, ldaps://… or ldap://…; repeat it for servers to ask when one is away",
			Destination: &l.URLs, Sources: fromEnv("ldap-url")},
		textFlag("ldap-bind-dn-template", "DN of a user, with {username} in it: uid={username},ou=people,dc=example,dc=org", "", &l.BindDNTemplate),
		textFlag("ldap-search-base", "where users are searched, instead of a template", "", &l.SearchBase),
		textFlag("ldap-search-filter", "which entry is the user's", directory.DefaultFilter, &l.SearchFilter),
		textFlag("ldap-username-attribute", "attribute with the username of whoever was found (default: uid, or with another filter what was typed)", "",
			&l.UsernameAttribute),
		textFlag("ldap-bind-dn", "account that looks users up (default: anonymously)", "", &l.BindDN),
		textFlag("ldap-bind-password", "its password", "", &l.BindPassword),
		textFlag("ldap-bind-password-file", "`file` with its password", "", &c.LDAPPasswordFile),
		&cli.BoolFlag{Name: "ldap-starttls", Usage: "encrypt connections to ldap:// servers", Destination: &l.StartTLS, Sources: fromEnv("ldap-starttls")},
		&cli.BoolFlag{Name: "ldap-cleartext", Usage: "let passwords travel to ldap:// servers in clear", Destination: &l.AllowCleartext, Sources: fromEnv("ldap-cleartext")},
		textFlag("ldap-ca-file", "`file` with the PEM certificates that servers are checked against (default: the system's)", "", &l.CAFile),
		&cli.DurationFlag{Name: "ldap-timeout", Usage: "time that one server has for one login", Value: directory.DefaultTimeout,
			Destination: &l.Timeout, Sources: fromEnv("ldap-timeout")},
		textFlag("ldap-mail-attribute", "attribute with the mail address", "mail", &l.MailAttribute),
		textFlag("ldap-name-attribute", "attribute with the name", "cn", &l.NameAttribute),
		textFlag("ldap-phone-attribute", "attribute with the phone number", "mobile", &l.PhoneAttribute),
	}
}

// checkDirectory checks the --ldap flags and completes them.
func (c *Config) checkDirectory() error {
	l := &c.LDAP
	if len(l.URLs) == 0 {
		if l.BindDNTemplate != "" || l.SearchBase != "" || l.BindDN != "" || l.StartTLS {
			return errors.New("--ldap-url: is missing beside other --ldap flags")
		}
		return nil
	}
	if l.Timeout <= 0 {
		return errors.New("--ldap-timeout: must be above 0")
	}
	if c.LDAPPasswordFile != "" {
		if l.BindPassword != "" {
			return errors.New("--ldap-bind-password-file: --ldap-bind-password is given, too")
		}
		text, err := os.ReadFile(c.LDAPPasswordFile)
		if err != nil {
			return named("--ldap-bind-password-file", err)
		}
		l.BindPassword = strings.TrimRight(string(text), "\r\n")
	}
	_, err := directory.New(*l)
	return err
}

// openDirectory returns the directory, nil if none is configured. It asks no
// server: all of them may be away now.
func (c *Config) openDirectory(log *slog.Logger) (*directory.Directory, error) {
	if len(c.LDAP.URLs) == 0 {
		return nil, nil
	}
	l := c.LDAP
	l.Log = log
	return directory.New(l)
}

// parseNetworks reads addresses and networks, separated by commas.
func parseNetworks(text string) ([]netip.Prefix, error) {
	var list []netip.Prefix
	for _, one := range strings.Split(text, ",") {
		if one = strings.TrimSpace(one); one == "" {
			continue
		}
		network, err := netip.ParsePrefix(one)
		if address, addressErr := netip.ParseAddr(one); addressErr == nil {
			network, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is no address and no network", one)
		}
		list = append(list, network.Masked())
	}
	return list, nil
}
