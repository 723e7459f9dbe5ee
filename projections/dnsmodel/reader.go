package dnsmodel

import "github.com/jackc/pgx/v5/pgxpool"

// Reader answers questions from the read model. Every method reads one consistent
// state; two calls may read different ones. Lists are as [query.List] says.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns a Reader on the database that the models' tables are in. The
// pool stays the caller's.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }
