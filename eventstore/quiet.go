package eventstore

import (
	"errors"
	"net"
	"syscall"
)

// quiet says that nothing has come in on an idle connection, neither its end nor
// the server's word that it ends. Where that cannot be told (TLS), quiet says no.
func quiet(conn net.Conn) bool {
	told, idle := peek(conn)
	return told && idle
}

// disturbed says that something has come in on an idle connection, most likely its
// end. Where that cannot be told (TLS), disturbed says no.
func disturbed(conn net.Conn) bool {
	told, idle := peek(conn)
	return told && !idle
}

// peek looks, without waiting or taking anything, whether there is something to read.
func peek(conn net.Conn) (told, idle bool) {
	c, ok := conn.(syscall.Conn)
	if !ok {
		return false, false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false, false
	}
	// raw.Read would wait for a reader, and pgx leaves one on the connection after a
	// write that took long, until the next reply comes.
	err = raw.Control(func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		idle = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil, idle
}
