package directory

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/go-ldap/ldap/v3"
)

// session is one connection to a server, for one question.
type session struct {
	*Directory
	conn *ldap.Conn
	stop func() bool
}

// connect dials and encrypts. Whatever is waited for on the connection, also a
// handshake, ends with ctx.
func (d *Directory) connect(ctx context.Context, to server) (*session, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", to.address)
	if err != nil {
		return nil, err
	}
	// A deadline ends a read that has begun; closing here would race with TLS.
	stop := context.AfterFunc(ctx, func() { _ = raw.SetDeadline(time.Unix(1, 0)) })
	conn, err := d.encrypt(ctx, raw, to)
	if err != nil {
		stop()
		return nil, errors.Join(err, ignoreClosed(raw.Close()))
	}
	return &session{Directory: d, conn: conn, stop: stop}, nil
}

func (d *Directory) encrypt(ctx context.Context, raw net.Conn, to server) (*ldap.Conn, error) {
	if to.tls {
		secure := tls.Client(raw, to.config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		return d.start(secure, true), nil
	}
	conn := d.start(raw, false)
	if d.cfg.StartTLS {
		if err := conn.StartTLS(to.config); err != nil {
			return nil, errors.Join(err, ignoreClosed(conn.Close()))
		}
	}
	return conn, nil
}

func (d *Directory) start(raw net.Conn, secure bool) *ldap.Conn {
	conn := ldap.NewConn(raw, secure)
	conn.SetTimeout(d.cfg.Timeout)
	conn.Start()
	return conn
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (s *session) close() {
	s.stop()
	_ = s.conn.Close() // the question is answered, or never will be
}

// authenticateByDN: the password first. Only where it is refused it matters
// whether the directory knows the name at all.
func (s *session) authenticateByDN(dn, password string) (Person, error) {
	err := s.prove(dn, password)
	if errors.Is(err, ErrRefused) {
		if unknown := s.lookUp(dn); unknown != nil && errors.Is(unknown, ErrUnknown) {
			return Person{}, unknown
		}
	}
	if err != nil {
		return Person{}, err
	}
	entry, err := s.read(dn)
	if err != nil { // people need not be allowed to read their own entry
		s.cfg.Log.Info("an LDAP user's entry cannot be read", "error", err)
		return Person{}, nil
	}
	return s.person(entry, ""), nil
}

// authenticateBySearch finds the entry of the name, then tries its password.
func (s *session) authenticateBySearch(name, password string) (Person, error) {
	entry, err := s.search(name)
	if err != nil {
		return Person{}, err
	}
	return s.person(entry, name), s.prove(entry.DN, password)
}

// prove binds with a person's password.
func (s *session) prove(dn, password string) error {
	if dn == "" || password == "" {
		return fmt.Errorf("%w: a bind without a name or a password proves nothing", ErrRefused)
	}
	err := s.conn.Bind(dn, password)
	// What a server says of this account; anything else is about the server.
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultInvalidCredentials, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax,
		ldap.LDAPResultInappropriateAuthentication, ldap.LDAPResultInsufficientAccessRights,
		ldap.LDAPResultConstraintViolation, ldap.LDAPResultUnwillingToPerform) {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}

// introduce binds as the account that looks entries up, where there is one.
func (s *session) introduce() error {
	if s.cfg.BindDN == "" {
		return nil
	}
	if err := s.conn.Bind(s.cfg.BindDN, s.cfg.BindPassword); err != nil {
		return fmt.Errorf("bind as %s: %w", s.cfg.BindDN, err)
	}
	return nil
}

// lookUp returns nil when the entry exists, [ErrUnknown] when it does not.
func (s *session) lookUp(dn string) error {
	if err := s.introduce(); err != nil {
		return err
	}
	_, err := s.read(dn)
	return err
}

// read returns the entry with the DN.
func (s *session) read(dn string) (*ldap.Entry, error) {
	entry, err := s.find(ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 0, s.seconds(), false,
		"(objectClass=*)", s.attributes(), nil))
	if ldap.IsErrorAnyOf(err, ldap.LDAPResultNoSuchObject, ldap.LDAPResultInvalidDNSyntax) {
		return nil, fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return entry, err
}

// search returns the one entry of the name. Several are refused: none of them
// is surely the person.
func (s *session) search(name string) (*ldap.Entry, error) {
	if err := s.introduce(); err != nil {
		return nil, err
	}
	return s.find(ldap.NewSearchRequest(s.cfg.SearchBase, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, s.seconds(), false,
		s.cfg.filter(name), s.attributes(), nil))
}

func (s *session) find(request *ldap.SearchRequest) (*ldap.Entry, error) {
	result, err := s.conn.Search(request)
	several := ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded) || err == nil && len(result.Entries) > 1
	switch {
	case several:
		return nil, fmt.Errorf("%w: several entries match", ErrRefused)
	case err != nil:
		return nil, fmt.Errorf("search: %w", err)
	case len(result.Entries) == 0:
		return nil, ErrUnknown
	default:
		return result.Entries[0], nil
	}
}

// seconds is the time limit that servers are told, at least one.
func (s *session) seconds() int { return max(1, int(s.cfg.Timeout/time.Second)) }

func (s *session) attributes() []string {
	all := []string{s.cfg.MailAttribute, s.cfg.NameAttribute, s.cfg.PhoneAttribute}
	if s.cfg.UsernameAttribute != "" {
		all = append(all, s.cfg.UsernameAttribute)
	}
	return all
}
