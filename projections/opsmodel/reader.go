package opsmodel

import "github.com/jackc/pgx/v5/pgxpool"

// Reader answers questions from the read model. Every method reads one
// consistent state. Lists are ascending by id.
type Reader struct{ pool *pgxpool.Pool }

// NewReader returns a Reader on the database that the model's tables are in. The
// pool stays the caller's.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool} }
