package ddns

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostPipelined is how many messages of a connection are in work at once (RFC 7766, section 6.2.1.1).
	mostPipelined = 16
	// idleTimeout is how long a connection may say nothing, messageTimeout how long a message may
	// take to come, and an answer to go.
	idleTimeout, messageTimeout = 30 * time.Second, 10 * time.Second
	// beginTimeout is how long a connection may take to say something at all.
	beginTimeout = 10 * time.Second
)

// conn is a connection by TCP. Answers are in the order in which they are ready.
type conn struct {
	net.Conn
	run     *running
	from    netip.AddrPort
	network string
	// known is set once a signature on the connection was good.
	known atomic.Bool
	// places has an element for each message in work.
	places chan struct{}
	own    sync.WaitGroup
	// writing is held while a message is written.
	writing sync.Mutex
	broken  bool
}

func newConn(r *running, c net.Conn, from netip.AddrPort, network string) *conn {
	return &conn{Conn: c, run: r, from: from, network: network, places: make(chan struct{}, mostPipelined)}
}

// serve reads messages until the other side has no more, or the server is to end, and returns when
// they are answered.
func (c *conn) serve() {
	defer c.run.leave(c)
	defer c.Close()
	defer c.own.Wait()
	in := bufio.NewReaderSize(c.Conn, 4<<10)
	for wait := beginTimeout; ; wait = idleTimeout {
		raw, err := c.read(in, wait)
		if err != nil || len(raw) < headerSize || isResponse(raw) {
			return
		}
		select {
		case c.places <- struct{}{}:
		case <-c.run.working.Done():
			return
		}
		select {
		case c.run.work <- struct{}{}:
		case <-c.run.working.Done():
			return
		}
		c.own.Go(func() {
			a := &asked{raw: raw, from: c.from, conn: c}
			leave := sync.OnceFunc(func() { <-c.run.work })
			a.leaveWork = leave
			defer func() { leave(); <-c.places }()
			c.run.handle(a, c.write)
		})
	}
}

// read returns the next message. While messages are in work the connection is not idle.
func (c *conn) read(in *bufio.Reader, idle time.Duration) ([]byte, error) {
	for {
		if err := c.deadline(idle); err != nil {
			return nil, err
		}
		_, err := in.Peek(1)
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || len(c.places) == 0 || c.run.ctx.Err() != nil {
			return nil, err
		}
	}
	if err := c.deadline(messageTimeout); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(in, length[:]); err != nil {
		return nil, err
	}
	raw := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(in, raw)
	return raw, err
}

// deadline sets that of reading, unless the server is to end.
func (c *conn) deadline(d time.Duration) error {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	if c.run.ended {
		return context.Canceled
	}
	return c.SetReadDeadline(time.Now().Add(d))
}

// write sends a message. After an error the connection is of no use.
func (c *conn) write(out []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.broken {
		return net.ErrClosed
	}
	framed := append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(out)), uint16(len(out))), out...)
	err := c.SetWriteDeadline(time.Now().Add(messageTimeout))
	if err == nil {
		_, err = c.Write(framed)
	}
	if err != nil {
		c.broken = true
		_ = c.Close()
	}
	return err
}
