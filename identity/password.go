package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
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

const (
	// hashWait is how long a login waits for its turn.
	hashWait = 15 * time.Second
	// maxHashes is how many hashes are computed at once.
	maxHashes = 2
	// maxHashGarbage is how much memory of hashes may pile up, in bytes, until it is
	// collected: that of two.
	maxHashGarbage = 2 * hashMemory << 10
)

// ErrBusy says that too many passwords are to be hashed at the moment.
var ErrBusy = errors.New("too many logins at the moment, try again")

// passwords makes and checks password hashes.
//
// Invariants:
//  1. Hashes take half of the processors at most, and two of many, so that logins can
//     exhaust neither these nor the memory. Some others wait, and give up after a while.
//  2. Checking the password of nobody costs the same as that of a user.
//  3. What hashes leave behind is collected soon, however late the process collects
//     garbage else.
type passwords struct {
	// line says whose turn it is.
	line *hashLine
	// garbage is what hashes have left behind in memory, in bytes.
	garbage atomic.Int64
	// nobody has the form and the cost of a hash.
	nobody string
}

func newPasswords() *passwords {
	return &passwords{
		line:   newHashLine(max(1, min(runtime.GOMAXPROCS(0)/2, maxHashes))),
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
	leave, err := p.line.enter(wait)
	if err != nil {
		return nil, err
	}
	defer leave()
	defer p.collect(int64(cost.memory) << 10)
	return argon2.IDKey([]byte(password), salt, cost.passes, cost.memory, cost.lanes, uint32(length)), nil
}

// collect counts what a hash has left, and has it collected when it is too much.
func (p *passwords) collect(left int64) {
	if p.garbage.Add(left) >= maxHashGarbage {
		p.garbage.Store(0)
		runtime.GC()
	}
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
