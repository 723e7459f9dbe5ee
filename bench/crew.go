package bench

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// client is one of several clients; each has a connection of its own.
type client struct {
	conn  *apiConn
	token string
}

// crew has clients do the jobs 0 to n-1, each with a connection of its own.
func (s *session) crew(ctx context.Context, clients, n int, job func(ctx context.Context, w *client, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for k := range min(clients, n) {
		g.Go(func() error {
			conn, err := dialAPI(ctx, s.apiOf(k))
			if err != nil {
				return err
			}
			defer conn.close()
			w := &client{conn: conn, token: s.token}
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := job(ctx, w, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

func (w *client) post(path string, body any) (apiReply, error) {
	return post(w.conn, w.token, path, body)
}
