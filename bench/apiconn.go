package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"strings"
)

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// apiConn is one HTTP/1.1 connection that is kept open. It does no more than the
// cases need, so that measuring costs little beside what is measured. It serves
// one goroutine at a time.
type apiConn struct {
	net    net.Conn
	reader *textproto.Reader
	host   string
	out    bytes.Buffer
}

type request struct {
	method, path, token, contentType string
	body                             []byte
}

// apiReply is what the cases look at.
type apiReply struct {
	status   int
	location string
	// position is where the write stands in the log, 0 when the reply names none.
	position int64
	// pending says that the read models did not have the write yet.
	pending bool
	body    []byte
}

// dialAPI connects to the APIs of a plane, which is a child of this process: whom its
// certificate names does not matter.
func dialAPI(ctx context.Context, url string) (*apiConn, error) {
	scheme, addr, _ := strings.Cut(url, "://")
	dial := new(net.Dialer).DialContext
	if scheme == "https" {
		dial = (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext
	}
	c, err := dial(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &apiConn{net: c, reader: textproto.NewReader(bufio.NewReader(c)), host: addr}, nil
}

func (c *apiConn) close() { _ = c.net.Close() } // nothing is owed to it

func (c *apiConn) do(r request) (apiReply, error) {
	c.out.Reset()
	fmt.Fprintf(&c.out, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", r.method, r.path, c.host, len(r.body))
	if r.token != "" {
		fmt.Fprintf(&c.out, "Authorization: %s\r\n", r.token)
	}
	if r.contentType != "" {
		fmt.Fprintf(&c.out, "Content-Type: %s\r\n", r.contentType)
	}
	c.out.WriteString("\r\n")
	c.out.Write(r.body)
	if _, err := c.net.Write(c.out.Bytes()); err != nil {
		return apiReply{}, err
	}
	return c.receive()
}

func (c *apiConn) receive() (apiReply, error) {
	line, err := c.reader.ReadLine()
	if err != nil {
		return apiReply{}, err
	}
	var r apiReply
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return r, fmt.Errorf("not HTTP: %q", line)
	}
	if r.status, err = strconv.Atoi(fields[1]); err != nil {
		return r, err
	}
	header, err := c.reader.ReadMIMEHeader()
	if err != nil {
		return r, err
	}
	r.location, r.pending = header.Get("Location"), header.Get("Opsledger-Pending") != ""
	if text := header.Get("Opsledger-Position"); text != "" {
		if r.position, err = strconv.ParseInt(text, 10, 64); err != nil {
			return r, err
		}
	}
	r.body, err = c.readBody(header)
	return r, err
}

func (c *apiConn) readBody(header textproto.MIMEHeader) ([]byte, error) {
	if header.Get("Transfer-Encoding") == "chunked" {
		return c.readChunks()
	}
	n, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return nil, errors.New("reply without length")
	}
	body := make([]byte, n)
	_, err = io.ReadFull(c.reader.R, body)
	return body, err
}

func (c *apiConn) readChunks() ([]byte, error) {
	var body []byte
	for {
		line, err := c.reader.ReadLine()
		if err != nil {
			return nil, err
		}
		n, err := strconv.ParseUint(line, 16, 31)
		if err != nil {
			return nil, err
		}
		chunk := make([]byte, n+2)
		if _, err := io.ReadFull(c.reader.R, chunk); err != nil {
			return nil, err
		}
		if n == 0 {
			return body, nil
		}
		body = append(body, chunk[:n]...)
	}
}
