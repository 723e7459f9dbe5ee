package webhook

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
)

const (
	// secretPrefix begins a secret as Standard Webhooks writes it.
	secretPrefix = "whsec_"
	secretBytes  = 32
)

// NewSecret makes a secret that signs messages, as its receiver is given it.
func NewSecret() string {
	random := make([]byte, secretBytes)
	_, _ = rand.Read(random) // which ends the program rather than fail
	return secretPrefix + base64.StdEncoding.EncodeToString(random)
}

// keyOf is the key that a secret stands for.
func keyOf(secret string) ([]byte, error) {
	text, is := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !is || err != nil {
		return nil, errors.New("no secret of a webhook")
	}
	return key, nil
}

// sign signs a message by each of the secrets, the newest of which is the first.
func sign(secrets []string, id, timestamp string, body []byte) (string, error) {
	signatures := make([]string, len(secrets))
	for i, secret := range secrets {
		key, err := keyOf(secret)
		if err != nil {
			return "", err
		}
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(signatures, " "), nil
}
