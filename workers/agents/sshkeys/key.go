package sshkeys

import (
	"crypto/rsa"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/crypto/ssh"
)

// shortestRSA is the least length of an RSA key in bits.
const shortestRSA = 2048

// line parses a public key in OpenSSH's form and writes it anew: type, key and
// comment. Options before the key are refused, since they could run commands.
func line(text string) (string, error) {
	if strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("a key is one line: %.40q", text)
	}
	key, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return "", fmt.Errorf("not a public key in OpenSSH's form: %.40q", text)
	}
	if len(options) > 0 {
		return "", fmt.Errorf("options before a key are not allowed: %.40q", text)
	}
	switch key.Type() {
	case ssh.KeyAlgoED25519, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256:
	case ssh.KeyAlgoRSA:
		if n := bits(key); n < shortestRSA {
			return "", fmt.Errorf("an RSA key needs %d bits, this one has %d", shortestRSA, n)
		}
	default:
		return "", fmt.Errorf("keys of type %s are not accepted", key.Type())
	}
	comment = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(comment, ""))
	return strings.TrimSpace(strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) + " " + comment), nil
}

func bits(key ssh.PublicKey) int {
	if crypto, ok := key.(ssh.CryptoPublicKey); ok {
		if k, ok := crypto.CryptoPublicKey().(*rsa.PublicKey); ok {
			return k.N.BitLen()
		}
	}
	return 0
}

// lines parses all keys; a repeated key is written once.
func lines(keys []string) ([]string, error) {
	var all []string
	seen := map[string]bool{}
	for _, key := range keys {
		text, err := line(key)
		if err != nil {
			return nil, err
		}
		if !seen[text] {
			seen[text] = true
			all = append(all, text)
		}
	}
	return all, nil
}
