package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
)

// The cost of one password hash: 19 MiB and two passes on one lane, the least
// that OWASP's Password Storage Cheat Sheet recommends for argon2id. Each hash
// names its own cost, so that these may rise later.
const (
	hashMemory  = 19 * 1024 // KiB
	hashPasses  = 2
	hashLanes   = 1
	hashSalt    = 16
	hashLength  = 32
	hashPattern = "$argon2id$v=%d$m=%d,t=%d,p=%d$"
)

// hashWait is how long a login waits for its turn.
const hashWait = 15 * time.Second

// passwords makes and checks password hashes.
//
// Invariants:
//  1. Hashes take half of the processors at most, so that logins can exhaust
//     neither these nor the memory; the others wait, and give up after a while.
//  2. Checking the password of nobody costs the same as that of a user.
type passwords struct {
	slots *semaphore.Weighted
	// nobody has the form and the cost of a hash.
	nobody string
}

func newPasswords() *passwords {
	return &passwords{
		slots:  semaphore.NewWeighted(int64(max(1, runtime.GOMAXPROCS(0)/2))),
		nobody: formatHash(usualCost(), make([]byte, hashSalt), make([]byte, hashLength)),
	}
}

// hash returns the PHC string of a password with a fresh salt.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, hashSalt)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("password salt: %w", err)
	}
	sum, err := p.compute(ctx, password, salt, usualCost(), hashLength)
	if err != nil {
		return "", err
	}
	return formatHash(usualCost(), salt, sum), nil
}

// check says whether the password is the one of the hash. An empty hash stands
// for nobody: it costs as much and never matches.
func (p *passwords) check(ctx context.Context, password, hash string) (bool, error) {
	nobody := hash == ""
	if nobody {
		hash = p.nobody
	}
	cost, salt, want, err := parseHash(hash)
	if err != nil {
		return false, err
	}
	got, err := p.compute(ctx, password, salt, cost, len(want))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1 && !nobody, nil
}

type hashCost struct {
	memory, passes uint32
	lanes          uint8
}

func usualCost() hashCost {
	return hashCost{memory: hashMemory, passes: hashPasses, lanes: hashLanes}
}

func formatHash(cost hashCost, salt, sum []byte) string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf(hashPattern, argon2.Version, cost.memory, cost.passes, cost.lanes) +
		enc.EncodeToString(salt) + "$" + enc.EncodeToString(sum)
}

func (p *passwords) compute(ctx context.Context, password string, salt []byte, cost hashCost, length int) ([]byte, error) {
	wait, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	if err := p.slots.Acquire(wait, 1); err != nil {
		return nil, fmt.Errorf("wait for a password hash: %w", err)
	}
	defer p.slots.Release(1)
	return argon2.IDKey([]byte(password), salt, cost.passes, cost.memory, cost.lanes, uint32(length)), nil
}

func parseHash(hash string) (cost hashCost, salt, sum []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 {
		return cost, nil, nil, fmt.Errorf("password hash has another form")
	}
	var version int
	head := strings.Join(parts[:4], "$") + "$"
	if _, err := fmt.Sscanf(head, hashPattern, &version, &cost.memory, &cost.passes, &cost.lanes); err != nil {
		return cost, nil, nil, fmt.Errorf("password hash: %w", err)
	}
	if version != argon2.Version || cost.passes < 1 || cost.lanes < 1 {
		return cost, nil, nil, fmt.Errorf("password hash of an unknown kind")
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return cost, nil, nil, fmt.Errorf("password salt: %w", err)
	}
	if sum, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return cost, nil, nil, fmt.Errorf("password hash: %w", err)
	}
	return cost, salt, sum, nil
}
