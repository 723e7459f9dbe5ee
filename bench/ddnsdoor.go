package bench

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"

	mdns "github.com/miekg/dns"
)

// doorConn is a kept connection to where updates and transfers are taken. It does no more than the
// case needs, so that measuring costs little. It serves one goroutine at a time.
type doorConn struct {
	net net.Conn
	in  *bufio.Reader
	buf []byte
}

func dialDoor(ctx context.Context, addr string) (*doorConn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &doorConn{net: c, in: bufio.NewReaderSize(c, 64<<10), buf: make([]byte, 64<<10)}, nil
}

func (c *doorConn) close() { _ = c.net.Close() } // nothing is owed to it

// add has a record added by a signed update.
func (c *doorConn) add(key tsigKey, zone, host, address string) error {
	m := new(mdns.Msg).SetUpdate(zone + ".")
	m.Ns = []mdns.RR{&mdns.A{
		Hdr: mdns.RR_Header{Name: host + "." + zone + ".", Rrtype: mdns.TypeA, Class: mdns.ClassINET, Ttl: 60},
		A:   net.ParseIP(address),
	}}
	if err := c.send(key, m); err != nil {
		return err
	}
	_, err := c.read()
	return err
}

func (c *doorConn) send(key tsigKey, m *mdns.Msg) error {
	packed, _, err := key.sign(m)
	if err != nil {
		return err
	}
	_, err = c.net.Write(append(binary.BigEndian.AppendUint16(make([]byte, 0, 2+len(packed)), uint16(len(packed))), packed...))
	return err
}

// read returns the next message, which is that of the connection until the one after it.
func (c *doorConn) read() ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(c.in, length[:]); err != nil {
		return nil, err
	}
	raw := c.buf[:binary.BigEndian.Uint16(length[:])]
	if _, err := io.ReadFull(c.in, raw); err != nil {
		return nil, err
	}
	if rcode := int(raw[3] & 0xf); rcode != mdns.RcodeSuccess {
		return nil, fmt.Errorf("the answer is %s", mdns.RcodeToString[rcode])
	}
	return raw, nil
}

// transfer reads a transfer that has so many records.
func (c *doorConn) transfer(key tsigKey, m *mdns.Msg, records int) error {
	if err := c.send(key, m); err != nil {
		return err
	}
	for read := 0; read < records; {
		raw, err := c.read()
		if err != nil {
			return err
		}
		if read += int(binary.BigEndian.Uint16(raw[6:])); read > records {
			return fmt.Errorf("%d records came for %d", read, records)
		}
	}
	return nil
}
