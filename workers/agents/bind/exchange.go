package bind

import (
	"context"
	"time"

	mdns "github.com/miekg/dns"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// connectionIdle is how long an unused connection is trusted to be open.
const connectionIdle = 10 * time.Second

// exchange sends one message. After an error it is unknown whether named has
// acted on the message, so that the whole zone must be compared.
func (w *worker) exchange(ctx context.Context, key zoneKey, m *mdns.Msg) (*mdns.Msg, error) {
	conn, err := w.connection(ctx)
	if err != nil {
		return nil, err
	}
	reply, err := conn.Exchange(ctx, w.engine.viewKey(key.view), m)
	if err != nil {
		w.hangUp()
	}
	return reply, err
}

func (w *worker) connection(ctx context.Context) (*dnsclient.Conn, error) {
	if w.conn != nil && w.conn.Idle() > connectionIdle {
		w.hangUp()
	}
	if w.conn == nil {
		conn, err := dnsclient.Dial(ctx, w.engine.dialAddr())
		if err != nil {
			return nil, err
		}
		w.conn = conn
		w.engine.notePort(conn.Port())
	}
	return w.conn, nil
}

func (w *worker) hangUp() {
	if w.conn != nil {
		w.conn.Close()
	}
	w.conn = nil
}
