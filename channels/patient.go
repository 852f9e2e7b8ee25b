package channels

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// lingerBytes bounds what is read from a sender whose request was refused before
// it was read to the end.
const lingerBytes = 16 << 20

// patientListener accepts connections that can linger for some time.
type patientListener struct {
	net.Listener
	patience time.Duration
}

// Accept implements net.Listener.
func (l patientListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &patientConn{Conn: c, patience: l.patience}, nil
}

// patientConn is a connection that can be closed without destroying the answer.
// Where one is closed with bytes of the request unread, the other side is told
// that the connection broke, and often never sees why it was refused.
type patientConn struct {
	net.Conn
	patience time.Duration
	lingers  atomic.Bool
}

// linger makes Close take in, for a bounded time and size, what the other side
// still sends.
func (c *patientConn) linger() { c.lingers.Store(true) }

// Close implements net.Conn.
func (c *patientConn) Close() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.lingers.Swap(false) {
		if half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(c.patience)) == nil {
			_, _ = io.CopyN(io.Discard, c.Conn, lingerBytes)
		}
	}
	return c.Conn.Close()
}
