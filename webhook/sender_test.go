package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/opsledger/opsledger/internal/publicdial"
	"github.com/opsledger/opsledger/internal/testkit"
)

// A receiver that holds its connection is let go of when its time is over: one that answers no
// request, one that does not even begin with TLS, and one that answers by another protocol.
func TestSilentReceiver(t *testing.T) {
	t.Parallel()
	loopback, err := publicdial.ParseAllowed("127.0.0.0/8")
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(SenderConfig{Allow: []publicdial.Allowed{loopback}, Within: time.Second})
	t.Cleanup(s.Close)
	for _, c := range []struct{ scheme, says, want string }{
		{"http", "", "no answer within 1s"},
		{"https", "", "no answer within 1s"},
		{"http", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "the receiver answered 101"},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		closed := make(chan error, 1)
		go func() {
			conn, err := listener.Accept()
			if err == nil {
				defer conn.Close()
				_, _ = conn.Read(make([]byte, 1)) // an answer before the request is none
				_, _ = io.WriteString(conn, c.says)
				_, err = io.Copy(io.Discard, conn)
			}
			closed <- err
		}()
		address, err := s.Address(c.scheme + "://" + listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		o := s.Send(t.Context(), Target{address, []string{NewSecret()}}, Message{ID: "1", Type: "test", Data: []byte("{}")})
		if o.Delivered() || o.Error() != c.want {
			t.Errorf("%s: %d %q, want %q", c.scheme, o.Status, o.Error(), c.want)
		}
		testkit.Await(t, "the end of the connection by "+c.scheme, closed)
	}
}

// What is said of a failure has nothing in it that the receiver or the network said.
func TestCauses(t *testing.T) {
	t.Parallel()
	bad := func(err error) error { return fmt.Errorf("Post: %w", &tls.CertificateVerificationError{Err: err}) }
	names := &x509.Certificate{DNSNames: []string{"internal.example"}}
	for _, c := range []struct {
		err  error
		want string
	}{
		{bad(x509.HostnameError{Certificate: names, Host: "hooks.example"}), "the receiver's certificate is not for the host's name"},
		{bad(x509.CertificateInvalidError{Cert: names, Reason: x509.Expired, Detail: "internal"}), "the receiver's certificate has expired or is not valid yet"},
		{bad(x509.CertificateInvalidError{Cert: names, Reason: x509.NameMismatch}), "the receiver's certificate is not of an authority that is trusted"},
		{bad(x509.UnknownAuthorityError{Cert: names}), "the receiver's certificate is not of an authority that is trusted"},
		{fmt.Errorf("dial: %w", publicdial.ErrNotAllowed), "the host is not allowed by --webhook-allow, and http goes to what is allowed alone"},
		{errors.New("internal.example said something"), "the connection broke before there was an answer"},
	} {
		if got := (Outcome{Err: c.err}).Error(); got != c.want {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}
