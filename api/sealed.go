package api

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/opsledger/opsledger/domain"
)

// Sealed notes a secret in the vault that was made for this request: if the write is refused
// nobody will ever ask for it, and it is erased. One is left if the process dies before that.
func (w *Request) Sealed(id uuid.UUID) { w.sealed = append(w.sealed, id) }

// unseal erases what was sealed for a write that failed with err, if it was refused: then, and
// only then, it is certain that no event names it.
func (k *Kernel) unseal(ctx context.Context, w *Request, err error) {
	if len(w.sealed) == 0 || !errors.As(err, new(*domain.Error)) {
		return
	}
	if err := k.Vault.Erase(ctx, w.sealed...); err != nil {
		k.Log.WarnContext(ctx, "secret of a refused request not erased", "error", err)
	}
}
