package rndc

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ErrNotSent says that named cannot have received the command.
var ErrNotSent = errors.New("command not sent")

// CommandError is named's refusal of a command.
type CommandError struct {
	// Result is the kind of error, such as "not found" or "already exists".
	Result string
	// Text is what named says besides.
	Text string
}

func (e *CommandError) Error() string {
	if e.Text == "" {
		return e.Result
	}
	return e.Result + ": " + strings.ReplaceAll(e.Text, "\n", "; ")
}

// Client is a connection to one named. It connects when needed, keeps the
// connection, and sends one command at a time.
type Client struct {
	addr   string
	secret []byte

	mu     sync.Mutex
	conn   net.Conn
	reader *bufio.Reader
	nonce  []byte
	serial uint32
	used   time.Time
}

// idleLimit is how long an unused connection is trusted to be still open.
const idleLimit = 20 * time.Second

// New returns a client for the control channel at addr (host:port) whose key
// has the given secret (not base64). Close it after use.
func New(addr string, secret []byte) *Client {
	return &Client{addr: addr, secret: secret, serial: rand.Uint32()}
}

// Close ends the connection. The client may be used again.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop()
}

// Call runs one command and returns named's text. It returns [*CommandError] if
// named refuses, and [ErrNotSent] if named was not reached. With any other error it
// is unknown whether the command was run.
func (c *Client) Call(ctx context.Context, command string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.call(ctx, command)
}

// CallWithin is Call for a command that named answers at once: the limit is for named alone, and
// begins when the commands before have ended.
func (c *Client) CallWithin(ctx context.Context, limit time.Duration, command string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return c.call(ctx, command)
}

func (c *Client) call(ctx context.Context, command string) (string, error) {
	if c.conn != nil && time.Since(c.used) > idleLimit {
		c.drop()
	}
	if err := c.connect(ctx); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	reply, err := c.roundTrip(ctx, command)
	if err != nil {
		c.drop()
		return "", err
	}
	data := lookup(reply, "_data").table
	if err := refusal(data); err != nil {
		return "", err
	}
	return string(lookup(data, "text").value), nil
}

func refusal(data []field) error {
	result := string(lookup(data, "result").value)
	if result == "" || result == "0" {
		return nil
	}
	e := &CommandError{Result: string(lookup(data, "err").value), Text: strings.TrimSpace(string(lookup(data, "text").value))}
	if e.Result == "" {
		e.Result = "result " + result
	}
	return e
}

// connect dials and fetches the nonce that every later command has to carry.
func (c *Client) connect(ctx context.Context) error {
	if c.conn != nil {
		return nil
	}
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	c.conn, c.reader, c.nonce = conn, bufio.NewReader(conn), nil
	reply, err := c.roundTrip(ctx, "null")
	if err != nil {
		c.drop()
		return err
	}
	c.nonce = lookup(lookup(reply, "_ctrl").table, "_nonce").value
	return nil
}

func (c *Client) drop() {
	if c.conn != nil {
		_ = c.conn.Close() // an error would change nothing
	}
	c.conn, c.reader = nil, nil
}

func (c *Client) roundTrip(ctx context.Context, command string) ([]field, error) {
	stop := context.AfterFunc(ctx, func(conn net.Conn) func() { return func() { _ = conn.Close() } }(c.conn))
	defer stop()
	c.used = time.Now()
	if _, err := c.conn.Write(encode(c.secret, c.request(command))); err != nil {
		return nil, fmt.Errorf("send to named's control channel: %w", err)
	}
	reply, err := c.receive()
	if err != nil {
		return nil, fmt.Errorf("reply of named's control channel: %w", err)
	}
	return reply, nil
}

func (c *Client) request(command string) []field {
	c.serial++
	now := time.Now().Unix()
	ctrl := []field{
		text("_ser", strconv.FormatUint(uint64(c.serial), 10)),
		text("_tim", strconv.FormatInt(now, 10)),
		text("_exp", strconv.FormatInt(now+60, 10)),
	}
	if c.nonce != nil {
		ctrl = append(ctrl, field{name: "_nonce", value: c.nonce})
	}
	return []field{{name: "_ctrl", table: ctrl}, {name: "_data", table: []field{text("type", command)}}}
}

func (c *Client) receive() ([]field, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.reader, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxMessage {
		return nil, errMalformed
	}
	msg := make([]byte, size)
	if _, err := io.ReadFull(c.reader, msg); err != nil {
		return nil, err
	}
	return decode(c.secret, msg)
}

// Quote makes one word of a command from any text.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r == '"' || r == '\\' {
			b.WriteByte('\\')
		}
		if r >= ' ' && r != 0x7f {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
