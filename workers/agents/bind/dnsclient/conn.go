package dnsclient

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	mdns "github.com/miekg/dns"
)

// Key is a TSIG key of algorithm HMAC-SHA256.
type Key struct {
	// Name is absolute and in lower case.
	Name string
	// Secret is base64.
	Secret string
}

// RcodeError is the rcode of a properly signed reply that reports an error.
type RcodeError int

func (e RcodeError) Error() string { return "named answers " + mdns.RcodeToString[int(e)] }

// sendWindow is how many queries are sent before their replies are read; named
// stops reading a connection with more queries under way.
const sendWindow = 16

// Conn is a TCP connection. It serves one goroutine at a time.
type Conn struct {
	net    net.Conn
	raw    syscall.RawConn
	reader *bufio.Reader
	used   time.Time
}

// Dial connects.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	c, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &Conn{net: c, raw: raw, reader: bufio.NewReaderSize(c, 32<<10), used: time.Now()}, nil
}

// acknowledge makes the kernel acknowledge at once what arrives. named holds back
// the second of two small replies until the first is acknowledged (Nagle's
// algorithm), and a kernel may delay that by 40 ms. The kernel drops the setting by
// itself, so it is made before every read that may wait.
func (c *Conn) acknowledge() {
	_ = c.raw.Control(func(fd uintptr) { // if it fails, replies are only slower
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	})
}

// Close ends the connection.
func (c *Conn) Close() { _ = c.net.Close() } // an error would change nothing

// Port is the connection's own.
func (c *Conn) Port() int {
	at, _ := c.net.LocalAddr().(*net.TCPAddr)
	if at == nil {
		return 0
	}
	return at.Port
}

// Idle is for how long nothing was sent.
func (c *Conn) Idle() time.Duration { return time.Since(c.used) }

// Exchange sends one message and returns the reply, whatever its rcode.
func (c *Conn) Exchange(ctx context.Context, key Key, m *mdns.Msg) (*mdns.Msg, error) {
	replies, err := c.ExchangeAll(ctx, key, []*mdns.Msg{m})
	if err != nil {
		return nil, err
	}
	return replies[0], nil
}

// ExchangeAll sends the messages pipelined and returns their replies in the same
// order. After an error the connection cannot be used any more, and it is unknown
// which messages named has carried out.
func (c *Conn) ExchangeAll(ctx context.Context, key Key, msgs []*mdns.Msg) ([]*mdns.Msg, error) {
	defer c.guard(ctx)()
	replies := make([]*mdns.Msg, 0, len(msgs))
	for len(msgs) > 0 {
		n := min(sendWindow, len(msgs))
		part, err := c.exchangePipelined(key, msgs[:n])
		if err != nil {
			return nil, err
		}
		replies, msgs = append(replies, part...), msgs[n:]
	}
	return replies, nil
}

// guard closes the connection when ctx ends, which ends any read or write.
func (c *Conn) guard(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() { _ = c.net.Close() })
	return func() { stop() }
}

func (c *Conn) exchangePipelined(key Key, msgs []*mdns.Msg) ([]*mdns.Msg, error) {
	c.used = time.Now()
	macs := make(map[uint16]pending, len(msgs))
	var out []byte
	for i, m := range msgs {
		m.Id = freshID(macs)
		packed, mac, err := signed(key, m)
		if err != nil {
			return nil, err
		}
		macs[m.Id] = pending{index: i, mac: mac}
		out = binary.BigEndian.AppendUint16(out, uint16(len(packed)))
		out = append(out, packed...)
	}
	if _, err := c.net.Write(out); err != nil {
		return nil, fmt.Errorf("send to named: %w", err)
	}
	replies := make([]*mdns.Msg, len(msgs))
	for range msgs {
		if err := c.receiveOne(key, macs, replies); err != nil {
			return nil, err
		}
	}
	return replies, nil
}

// pending is a message that waits for its reply.
type pending struct {
	index int
	mac   string
}

func freshID(taken map[uint16]pending) uint16 {
	for {
		id := mdns.Id()
		if _, used := taken[id]; !used {
			return id
		}
	}
}

// receiveOne reads a reply, which may be to any of the pending messages.
func (c *Conn) receiveOne(key Key, macs map[uint16]pending, replies []*mdns.Msg) error {
	raw, err := c.read()
	if err != nil {
		return fmt.Errorf("reply of named: %w", err)
	}
	m := new(mdns.Msg)
	if err := m.Unpack(raw); err != nil {
		return fmt.Errorf("reply of named: %w", err)
	}
	p, known := macs[m.Id]
	if !known {
		return errors.New("reply of named to a question that was not asked")
	}
	delete(macs, m.Id)
	if err := verify(raw, m, key, p.mac, false); err != nil {
		return err
	}
	replies[p.index] = m
	return nil
}

func (c *Conn) read() ([]byte, error) {
	if c.reader.Buffered() == 0 {
		c.acknowledge()
	}
	var head [2]byte
	if _, err := io.ReadFull(c.reader, head[:]); err != nil {
		return nil, err
	}
	raw := make([]byte, binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(c.reader, raw)
	return raw, err
}

// signed packs the message with a signature of its own. A client that leaves
// signing to the library would sign the second message on a connection with the
// first one's MAC.
func signed(key Key, m *mdns.Msg) ([]byte, string, error) {
	m.SetTsig(key.Name, mdns.HmacSHA256, 300, time.Now().Unix())
	packed, mac, err := mdns.TsigGenerate(m, key.Secret, "", false)
	if err != nil {
		return nil, "", fmt.Errorf("sign message: %w", err)
	}
	if len(packed) > mdns.MaxMsgSize {
		return nil, "", fmt.Errorf("message of %d octets is too long", len(packed))
	}
	return packed, mac, nil
}

func verify(raw []byte, m *mdns.Msg, key Key, mac string, timersOnly bool) error {
	t := m.IsTsig()
	if t == nil {
		return fmt.Errorf("reply of named is not signed (%s)", mdns.RcodeToString[m.Rcode])
	}
	if t.Error != mdns.RcodeSuccess {
		return fmt.Errorf("named does not take the key %s: %s", key.Name, mdns.RcodeToString[int(t.Error)])
	}
	if err := mdns.TsigVerify(raw, key.Secret, mac, timersOnly); err != nil {
		return fmt.Errorf("signature of named's reply: %w", err)
	}
	return nil
}
