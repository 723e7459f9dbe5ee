package translog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/eventstore/vault"
)

// logKey is a key that checkpoints are signed with, from a position of the log on.
type logKey struct {
	// since is the position of the event by which the key came, 0 for the first key.
	since domain.Position
	key   ed25519.PrivateKey
}

// logKeys are the keys in order.
type logKeys []logKey

// secretName is the vault's name of the nth key.
func secretName(n int) string { return "checkpoints." + strconv.Itoa(n) }

func newSeed() []byte {
	seed := make([]byte, ed25519.SeedSize)
	_, _ = rand.Read(seed) // never fails: it ends the program instead
	return seed
}

// readKeys returns the keys that the log names, with their secrets from the vault. A key that
// the vault does not have is left out: a copy of a log has none of the former one's. Who has
// lost a key signs nothing instead of it, since the newest checkpoint is by a key that is not
// among those.
func readKeys(ctx context.Context, store *eventstore.Store, v *vault.Vault) (logKeys, error) {
	first, err := v.Named(ctx, secretName(1), newSeed)
	if err != nil {
		return nil, fmt.Errorf("key of the checkpoints: %w", err)
	}
	keys := logKeys{{key: ed25519.NewKeyFromSeed(first)}}
	rotations, err := readRotations(ctx, store)
	if err != nil {
		return nil, err
	}
	for _, r := range rotations {
		seed, err := v.Find(ctx, secretName(r.Number))
		if errors.Is(err, vault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("key %d of the checkpoints, of event %d: %w", r.Number, r.position, err)
		}
		key := ed25519.NewKeyFromSeed(seed)
		if !bytes.Equal(publicOf(key), r.Key) {
			return nil, fmt.Errorf("key %d of the checkpoints: the vault has another one than event %d names", r.Number, r.position)
		}
		keys = append(keys, logKey{r.position, key})
	}
	return keys, nil
}

// rotation is an event by which a key came.
type rotation struct {
	access.LogKeyRotated
	position domain.Position
}

func readRotations(ctx context.Context, store *eventstore.Store) (list []rotation, err error) {
	events, err := store.ReadTag(ctx, access.TagLogKey, 0, maxKeys)
	if err != nil {
		return nil, err
	}
	for i := range events {
		r, err := events[i].Decode(store.Codec())
		if err != nil {
			return nil, err
		}
		if e, ok := r.Event.(access.LogKeyRotated); ok {
			list = append(list, rotation{e, r.Position})
		}
	}
	return list, nil
}

// maxKeys bounds the keys of a log.
const maxKeys = 1000

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey {
	return ed25519.PublicKey(key[ed25519.SeedSize:])
}

// inForce is the index of the key that signs trees of the size.
func (k logKeys) inForce(size int64) int {
	i := 0
	for i+1 < len(k) && int64(k[i+1].since) <= size {
		i++
	}
	return i
}

// between returns the keys that sign the tree of a size, given that of the checkpoint before:
// the one that signed that checkpoint, and all that came since. A first checkpoint, whose
// former size is 0, is signed with the newest key alone.
func (k logKeys) between(former, size int64) logKeys {
	last := k.inForce(size)
	if former == 0 {
		return k[last : last+1]
	}
	return k[k.inForce(former) : last+1]
}

// verifiers are the verifier keys (C2SP signed-note) under a name.
func (k logKeys) verifiers(name string) ([]string, error) {
	var list []string
	for _, one := range k {
		text, err := note.NewEd25519VerifierKey(name, publicOf(one.key))
		if err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, nil
}

// sign returns the checkpoint of a head, signed with all the keys.
func (k logKeys) sign(h Head) (Checkpoint, error) {
	var signers []note.Signer
	for _, one := range k {
		verifier, err := note.NewEd25519VerifierKey(h.Origin, publicOf(one.key))
		if err != nil {
			return Checkpoint{}, err
		}
		v, err := note.NewVerifier(verifier)
		if err != nil {
			return Checkpoint{}, fmt.Errorf("the origin %q: %w", h.Origin, err)
		}
		// The form that [note.NewSigner] reads has the same hash as the verifier key.
		signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", h.Origin, v.KeyHash(),
			base64.StdEncoding.EncodeToString(append([]byte{algorithmEd25519}, one.key.Seed()...))))
		if err != nil {
			return Checkpoint{}, err
		}
		signers = append(signers, signer)
	}
	text, err := note.Sign(&note.Note{Text: h.text()}, signers...)
	return Checkpoint{h, string(text)}, err
}

// algorithmEd25519 is the type of such keys in a signed note.
const algorithmEd25519 = 1

// CheckOrigin refuses an origin that cannot be the name of a key in a signed note.
func CheckOrigin(origin string) error {
	_, err := logKeys{{key: ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))}}.sign(Head{Origin: origin})
	return err
}

// Rotate has the log's checkpoints signed with a new key, whose number it returns. A Publisher
// takes the key up with the next checkpoint, and signs that one with both.
func Rotate(ctx context.Context, store *eventstore.Store, v *vault.Vault) (number int, err error) {
	rotations, err := readRotations(ctx, store)
	if err != nil {
		return 0, err
	}
	number = 2
	for _, r := range rotations {
		number = max(number, r.Number+1)
	}
	if number > maxKeys {
		return 0, errors.New("the log has had as many keys as it may have")
	}
	// Where an earlier call died behind this line, its secret is used now.
	seed, err := v.Named(ctx, secretName(number), newSeed)
	if err != nil {
		return 0, fmt.Errorf("new key of the checkpoints: %w", err)
	}
	_, err = store.Execute(ctx, eventstore.Request{
		Command: access.RotateLogKey{Number: number, Key: publicOf(ed25519.NewKeyFromSeed(seed))},
		Actor:   domain.System, Door: domain.DoorCommandLine,
	})
	return number, err
}
