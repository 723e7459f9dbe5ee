// Package offers keeps what each host said last that it offers.
//
// Stage in the flow: control plane; the host desk hands it what hosts say, and the APIs
// ask it. Contract: every serve process reads and writes the same rows. What a host
// offers is known only while the enrolment holds that it was said under. It must not
// decide what follows from an offer.
package offers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/protocol"
)

// Store keeps offers in PostgreSQL. The pool stays the caller's.
type Store struct{ pool *pgxpool.Pool }

// New returns a store.
func New(pool *pgxpool.Pool) *Store { return &Store{pool} }

const (
	keep = `INSERT INTO control.host_offers (host, enrolment, offers, told_at) VALUES ($1, $2, $3, now())
		ON CONFLICT (host) DO UPDATE SET enrolment = excluded.enrolment, offers = excluded.offers, told_at = excluded.told_at`

	find = `SELECT offers, told_at FROM control.host_offers WHERE host = $1 AND enrolment = $2`
)

// Keep stores what a host offers under an enrolment.
func (s *Store) Keep(ctx context.Context, host int64, enrolment domain.Position, o protocol.HostOffers) error {
	text, err := json.Marshal(o)
	if err == nil {
		_, err = s.pool.Exec(ctx, keep, host, int64(enrolment), text)
	}
	if err != nil {
		return fmt.Errorf("keep the offers of host %d: %w", host, err)
	}
	return nil
}

// Of returns what a host offers under an enrolment, and when it said so: the zero time
// means that it never did.
func (s *Store) Of(ctx context.Context, host int64, enrolment domain.Position) (o protocol.HostOffers, told time.Time, err error) {
	var text []byte
	err = s.pool.QueryRow(ctx, find, host, int64(enrolment)).Scan(&text, &told)
	if errors.Is(err, pgx.ErrNoRows) {
		return o, time.Time{}, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return o, time.Time{}, fmt.Errorf("read the offers of host %d: %w", host, err)
	}
	return o, told, nil
}
