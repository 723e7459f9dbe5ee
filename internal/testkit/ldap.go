package testkit

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
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
	s := &LDAPServer{t: t, Addr: Address(t), TLSAddr: Address(t), dir: t.TempDir(), said: NewOutput(t, "slapd")}
	s.CAFile = filepath.Join(s.dir, "ca.pem")
	s.copyProgram()
	s.makeCertificates()
	s.configure(visible)
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

func (s *LDAPServer) configure(visible bool) {
	s.t.Helper()
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
		s.CAFile, filepath.Join(s.dir, "server.pem"), filepath.Join(s.dir, "server.key"), database, LDAPReader, anonymous)
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

// makeCertificates writes a CA and a certificate of 127.0.0.1.
func (s *LDAPServer) makeCertificates() {
	s.t.Helper()
	ca, caKey := s.certificate(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil, s.CAFile)
	_, key := s.certificate(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "slapd"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca, caKey, filepath.Join(s.dir, "server.pem"))
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.write("server.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
}

// certificate makes and writes a certificate, signed by itself without an issuer.
func (s *LDAPServer) certificate(template, issuer *x509.Certificate, issuerKey *ecdsa.PrivateKey, path string) (*x509.Certificate, *ecdsa.PrivateKey) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if issuer == nil {
		issuer, issuerKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer, &key.PublicKey, issuerKey)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		s.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	return made, key
}

// LDAPPerson writes the LDIF of one person below [LDAPBase].
func LDAPPerson(w io.Writer, uid, password string, attributes ...string) {
	fmt.Fprintf(w, "dn: uid=%s,%s\nobjectClass: inetOrgPerson\nuid: %s\nsn: %s\nuserPassword: %s\n%s\n\n",
		uid, LDAPBase, uid, uid, password, strings.Join(append([]string{"cn: " + uid}, attributes...), "\n"))
}
