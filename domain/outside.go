package domain

import "slices"

// OutsideError says that a history does not show some folds, for a reason that it tells
// whoever asked for them. The others were loaded.
type OutsideError struct {
	Reason *Error
	Folds  []Fold
}

func (e *OutsideError) Error() string { return e.Reason.Error() }

// Unwrap returns the reason, which is all that there is to tell a client.
func (e *OutsideError) Unwrap() error { return e.Reason }

// Hides says whether the fold is one of those.
func (e *OutsideError) Hides(f Fold) bool { return slices.Contains(e.Folds, f) }
