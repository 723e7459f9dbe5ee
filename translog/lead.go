package translog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
)

const (
	// readPage is how many events are read with one statement, of which one is in memory at a time.
	readPage = 500
	// finishLimit bounds the last checkpoint of a process that is to end.
	finishLimit = 5 * time.Second
)

// leadership is a Publisher's time as the one that writes the tree.
type leadership struct {
	*Publisher
	conn *pgx.Conn
	tree *Tree
	keys logKeys
	// stored is the tree's size in PostgreSQL, signed the newest checkpoint.
	stored int64
	signed Checkpoint
	// fresh are the whole tiles that are not in PostgreSQL yet.
	fresh map[Coord][]byte
	// rotated: the log names a key that is not among keys.
	rotated    bool
	submitters []*submitter
	// degraded: one of the two copies could not be written last.
	degraded bool
}

func (p *Publisher) lead(ctx context.Context, conn *pgx.Conn) error {
	l := &leadership{Publisher: p, conn: conn, fresh: map[Coord][]byte{}}
	if err := l.load(ctx); err != nil {
		return err
	}
	if err := l.examine(ctx); err != nil {
		return err
	}
	defer l.startSubmitters(ctx)()
	tick := time.NewTicker(p.Every)
	defer tick.Stop()
	for {
		if err := l.round(ctx); err != nil {
			return err
		}
		p.good()
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), l.finish(ctx))
		case <-tick.C:
		}
	}
}

// finish publishes what was appended last, before a while in which perhaps nobody does.
func (l *leadership) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishLimit)
	defer cancel()
	return l.round(ctx)
}

// startSubmitters begins to bring checkpoints to the witnesses, and returns what ends it.
func (l *leadership) startSubmitters(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, w := range l.Witnesses {
		s := newSubmitter(l.Publisher, w)
		l.submitters = append(l.submitters, s)
		running.Go(func() { s.run(ctx) })
	}
	if l.signed.Size > 0 {
		l.offer(l.signed)
	}
	return func() { cancel(); running.Wait() }
}

func (l *leadership) offer(c Checkpoint) {
	for _, s := range l.submitters {
		s.offer(c)
	}
}

// load continues the tree that is in PostgreSQL.
func (l *leadership) load(ctx context.Context) error {
	s, err := begin(ctx, l.conn, l.Store.LogID(), l.Origin)
	if err != nil {
		return err
	}
	tiles, err := readTiles(ctx, l.conn, l.Origin, EdgeOf(s.size))
	if err != nil {
		return err
	}
	tree, whole := Resume(s.size, tiles)
	if !whole {
		return &contradiction{fmt.Sprintf("the tiles of the log's tree of %d events are not all there", s.size)}
	}
	tree.Tile = func(c Coord, hashes []byte) { l.fresh[c] = hashes }
	l.tree, l.stored, l.signed = tree, s.size, s.signed
	l.keys, err = readKeys(ctx, l.Store, l.Vault)
	return err
}

// examine brings the tree to where it must contain the copies, and makes sure that it does.
func (l *leadership) examine(ctx context.Context) error {
	copies, err := l.copies.read(ctx)
	if err != nil {
		return err
	}
	if l.signed.Size > 0 {
		copies = append(copies, kept{l.signed, "in the database itself"})
	}
	if err := l.contains(ctx, l.conn, 0, copies); err != nil {
		return err
	}
	var need int64
	for _, k := range copies {
		need = max(need, k.Size)
	}
	for l.stored < need {
		if err := l.grow(ctx); err != nil {
			return err
		}
		if err := l.save(ctx, l.signed, nil); err != nil {
			return err
		}
	}
	return l.contains(ctx, l.conn, l.stored, copies)
}

// grow puts new events into the tree, until there are no more, or time is up and a change ends.
func (l *leadership) grow(ctx context.Context) error {
	more := 0 // events of the change that are still to come
	for began := time.Now(); ; {
		page := readPage
		if more > 0 {
			page = min(page, more)
		}
		before := l.tree.Size()
		err := eventstore.AuditEvents(ctx, l.conn, domain.Position(before+1), domain.Position(before+1+int64(page)), nil,
			func(e eventstore.AuditedEvent) error {
				if int64(e.Position) != l.tree.Size()+1 {
					return l.missing()
				}
				l.tree.Add(e.Leaf)
				l.rotated = l.rotated || e.Type == access.LogKeyRotated{}.EventType()
				more = e.More
				return nil
			})
		if err != nil {
			return err
		}
		end := l.tree.Size() < before+int64(page)
		switch {
		case end && more > 0:
			return l.missing()
		case end, more == 0 && time.Since(began) > l.Every:
			return nil
		}
	}
}

func (l *leadership) missing() error {
	return &contradiction{fmt.Sprintf("event %d is not in the log", l.tree.Size()+1)}
}

// round publishes a checkpoint if there are new events.
func (l *leadership) round(ctx context.Context) error {
	if err := l.grow(ctx); err != nil {
		return err
	}
	if l.tree.Size() == l.signed.Size {
		// The session must not look idle.
		return l.conn.Ping(ctx)
	}
	if l.rotated {
		var err error
		if l.keys, err = readKeys(ctx, l.Store, l.Vault); err != nil {
			return err
		}
	}
	h := Head{l.Origin, l.tree.Size(), l.tree.Root()}
	if err := l.continues(ctx, h); err != nil {
		return err
	}
	keys := l.keys.between(l.signed.Size, h.Size)
	c, err := keys.sign(h)
	if err != nil {
		return err
	}
	half, err := l.copies.write(ctx, c)
	if err != nil {
		return err
	}
	if degraded := half != nil; degraded != l.degraded {
		l.degraded = degraded
		l.Log.Warn("copies of the newest checkpoint outside of PostgreSQL", "both", !degraded, "error", half)
	}
	if err := l.save(ctx, c, keys); err != nil {
		return err
	}
	l.rotated = false
	l.offer(c)
	l.Publisher.signed.Set(float64(c.Size))
	return nil
}

// continues proves that a head continues the newest checkpoint.
func (l *leadership) continues(ctx context.Context, h Head) error {
	former := l.signed
	if former.Size == 0 {
		return nil
	}
	fresh := l.tree.Edge()
	maps.Copy(fresh, l.fresh)
	proof, err := tlog.ProveTree(h.Size, former.Size, stored(ctx, l.conn, l.Origin, fresh))
	if err != nil {
		return fmt.Errorf("prove that the tree of %d continues that of %d: %w", h.Size, former.Size, err)
	}
	if err := tlog.CheckTree(proof, h.Size, h.Root, former.Size, former.Root); err != nil {
		return contradicts(kept{former, "in the database itself"}, "the tiles of its tree were changed")
	}
	return nil
}

// save writes the tiles, and the checkpoint with the keys that signed it, if that is a new one.
func (l *leadership) save(ctx context.Context, c Checkpoint, keys logKeys) error {
	tiles := l.tree.Edge()
	maps.Copy(tiles, l.fresh)
	verifiers, err := keys.verifiers(l.Origin)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, l.conn, func(tx pgx.Tx) error {
		if err := writeTiles(ctx, tx, l.Origin, tiles); err != nil {
			return err
		}
		for i, key := range keys {
			note := c.Note
			if i == 0 {
				if l.signed.Size > 0 {
					continue // it is there since it came
				}
				note = ""
			}
			if _, err := tx.Exec(ctx, insertKey, l.Origin, key.since, verifiers[i], note); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, "UPDATE translog.tree SET size = $1, signed_size = $2, checkpoint = $3 WHERE origin = $4",
			l.tree.Size(), c.Size, c.Note, l.Origin)
		return err
	})
	if err != nil {
		return fmt.Errorf("write the tree: %w", err)
	}
	clear(l.fresh)
	l.stored, l.signed = l.tree.Size(), c
	return nil
}
