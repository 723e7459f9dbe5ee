package ops

import (
	"crypto/rsa"
	"encoding/base64"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/opsledger/opsledger/domain"
)

const (
	minRSABits = 2048
	maxKeys    = 64
)

// ParseKeys checks a user's public keys, lines as OpenSSH writes them, and
// returns each as "type base64": comments are dropped, since they often name a
// person. Blank lines and repeats are left out. ed25519, ecdsa, rsa from 2048 bits on
// and the FIDO types (sk-…) are accepted; options and certificates are refused.
func ParseKeys(lines []string) ([]string, error) {
	keys := []string{}
	for _, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		key, err := parseKey(line)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) > maxKeys {
		return nil, domain.Invalid("ssh_keys", "at most %d keys", maxKeys)
	}
	slices.Sort(keys)
	return keys, nil
}

func parseKey(line string) (string, error) {
	if strings.ContainsAny(strings.TrimSpace(line), "\r\n\x00") {
		return "", domain.Invalid("ssh_keys", "one line is one key")
	}
	key, _, options, rest, err := ssh.ParseAuthorizedKey([]byte(line))
	switch {
	case err != nil:
		return "", domain.Invalid("ssh_keys", "is not an OpenSSH public key")
	case len(options) > 0:
		return "", domain.Invalid("ssh_keys", "options are not allowed")
	case len(rest) > 0:
		return "", domain.Invalid("ssh_keys", "one line is one key")
	}
	if err := strong(key); err != nil {
		return "", err
	}
	return key.Type() + " " + base64.StdEncoding.EncodeToString(key.Marshal()), nil
}

// strong refuses types of keys that are not, or no longer, secure.
func strong(key ssh.PublicKey) error {
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
		return nil
	case ssh.KeyAlgoRSA:
		public, ok := key.(ssh.CryptoPublicKey)
		if ok {
			if k, ok := public.CryptoPublicKey().(*rsa.PublicKey); ok && k.N.BitLen() >= minRSABits {
				return nil
			}
		}
		return domain.Invalid("ssh_keys", "an rsa key needs at least %d bits", minRSABits)
	default:
		return domain.Invalid("ssh_keys", "type %s is not accepted, use ed25519, ecdsa, rsa, sk-ssh-ed25519 or sk-ecdsa", key.Type())
	}
}

// parseAccount checks the name of a system account: what POSIX allows as a portable name
// (3.437: letters, digits, '.', '_' and '-', not first), of at most 32 characters as useradd
// takes it. Names of dots alone are folders, and no accounts.
func parseAccount(text string) (string, error) {
	for i, c := range []byte(text) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '.'
		if !letter && (i == 0 || c != '-') {
			return "", domain.Invalid("system_user", "must be letters, digits, '.', '_' and '-', and not start with '-'")
		}
	}
	switch {
	case text == "" || len(text) > 32:
		return "", domain.Invalid("system_user", "must have 1 to 32 characters")
	case strings.Trim(text, ".") == "":
		return "", domain.Invalid("system_user", "must have a character other than '.'")
	}
	return text, nil
}
