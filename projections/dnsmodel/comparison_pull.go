package dnsmodel

import (
	"context"
	"errors"
	"iter"
)

// errFewer says that one side of a comparison has no more records while the other has.
var errFewer = errors.New("a side of a comparison has fewer records than the other")

// pull returns a function that reads one record after the other.
func (c *Comparison) pull(ctx context.Context, s zoneSide, ids []int64) (next func() (Record, error), stop func()) {
	stopped := errors.New("stopped")
	pulled, stop := iter.Pull2(func(yield func(Record, error) bool) {
		err := c.each(ctx, s, ids, func(r Record) error {
			if !yield(r, nil) {
				return stopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, stopped) {
			yield(Record{}, err)
		}
	})
	return func() (Record, error) {
		r, err, any := pulled()
		if !any {
			err = errFewer
		}
		return r, err
	}, stop
}
