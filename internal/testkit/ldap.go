package testkit

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/child"
)

// The directory of [LDAP] and the account that may look entries up in it.
const (
	LDAPBase           = "ou=people,dc=example,dc=org"
	LDAPReader         = "cn=reader,dc=example,dc=org"
	LDAPReaderPassword = "reader secret"
)

// LDAPServer is an OpenLDAP server of one test's own.
type LDAPServer struct {
	// Addr speaks LDAP and StartTLS, TLSAddr LDAPS.
	Addr, TLSAddr string
	// CAFile holds the certificate that the server's is signed with.
	CAFile string

	t     testing.TB
	dir   string
	start sync.Mutex
	slapd *child.Process
	said  *Output
}

// LDAP starts a slapd with the entries of an LDIF text below [LDAPBase], for
// which the people and their passwords are given as name=password. Anonymous
// clients see nothing unless visible.
func LDAP(t testing.TB, visible bool, ldif string) *LDAPServer {
	t.Helper()
	ca := NewCA(t)
	s := &LDAPServer{t: t, Addr: Address(t), TLSAddr: Address(t), CAFile: ca.File, dir: t.TempDir(), said: NewOutput(t, "slapd")}
	s.copyProgram()
	s.configure(visible, ca)
	s.tool("-T", "add", "-l", s.write("entries.ldif", ldapTree+ldif))
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

const ldapTree = `dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: cn=reader,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: ` + LDAPReaderPassword + "\n\n"

// copyProgram runs the server as a copy: a distribution's AppArmor profile
// would confine the installed one to its own folders.
func (s *LDAPServer) copyProgram() {
	s.t.Helper()
	installed, err := child.Find("slapd")
	if err != nil {
		s.t.Fatalf("slapd: %v (scripts/deps.sh test installs it)", err)
	}
	program, err := os.ReadFile(installed)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "slapd"), program, 0o700)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *LDAPServer) configure(visible bool, ca *CA) {
	s.t.Helper()
	cert, key := ca.Issue("127.0.0.1")
	anonymous := "none"
	if visible {
		anonymous = "read"
	}
	database := filepath.Join(s.dir, "db")
	if err := os.Mkdir(database, 0o700); err != nil {
		s.t.Fatal(err)
	}
	var text strings.Builder
	schemas := s.folder("/etc/ldap/schema", "/etc/openldap/schema")
	for _, name := range []string{"core", "cosine", "inetorgperson"} {
		fmt.Fprintf(&text, "include %s/%s.schema\n", schemas, name)
	}
	fmt.Fprintf(&text, `modulepath %s
moduleload back_mdb
TLSCACertificateFile %s
TLSCertificateFile %s
TLSCertificateKeyFile %s
database mdb
suffix "dc=example,dc=org"
directory %s
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="%s" read by self read by anonymous %s by * none
`, s.folder("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap"),
		s.CAFile, cert, key, database, LDAPReader, anonymous)
	s.write("slapd.conf", text.String())
}

func (s *LDAPServer) folder(candidates ...string) string {
	s.t.Helper()
	for _, dir := range candidates {
		if _, err := os.Stat(dir); err == nil {
			return dir
		}
	}
	s.t.Fatalf("none of %v is there", candidates)
	return ""
}

func (s *LDAPServer) write(name, text string) (path string) {
	s.t.Helper()
	path = filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return path
}

// tool runs one of slapd's tools on the files, with the server stopped.
func (s *LDAPServer) tool(args ...string) {
	s.t.Helper()
	out, err := child.Run(s.t.Context(), child.Spec{
		Path: filepath.Join(s.dir, "slapd"), Args: append(args, "-f", filepath.Join(s.dir, "slapd.conf")),
	})
	if err != nil {
		s.t.Fatalf("slapd %v: %v\n%s", args, err, out)
	}
}

// Start starts a stopped server again, on the same addresses.
func (s *LDAPServer) Start() {
	s.t.Helper()
	s.start.Lock()
	defer s.start.Unlock()
	listening := s.said.Printed("slapd starting")
	p, err := child.Start(context.Background(), child.Spec{
		Path: filepath.Join(s.dir, "slapd"), Log: s.said.File(),
		// 256 is the level that tells of the start.
		Args: []string{"-f", filepath.Join(s.dir, "slapd.conf"), "-h", "ldap://" + s.Addr + " ldaps://" + s.TLSAddr, "-d", "256"},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.slapd = p
	select {
	case <-listening: // it begins to listen now
	case <-p.Done():
		s.t.Fatalf("slapd ended: %v", p.Err())
	case <-time.After(Patience):
		s.t.Fatal("slapd does not start")
	}
	for _, addr := range []string{s.Addr, s.TLSAddr} {
		s.awaitListener(addr)
	}
}

func (s *LDAPServer) awaitListener(addr string) {
	s.t.Helper()
	Eventually(s.t, "slapd listens on "+addr, func() bool {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// Stop ends the server; it may be called again.
func (s *LDAPServer) Stop() {
	s.start.Lock()
	defer s.start.Unlock()
	s.slapd.Kill()
}

// LDAPPerson writes the LDIF of one person below [LDAPBase].
func LDAPPerson(w io.Writer, uid, password string, attributes ...string) {
	fmt.Fprintf(w, "dn: uid=%s,%s\nobjectClass: inetOrgPerson\nuid: %s\nsn: %s\nuserPassword: %s\n%s\n\n",
		uid, LDAPBase, uid, uid, password, strings.Join(append([]string{"cn: " + uid}, attributes...), "\n"))
}
