package transfer

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	mdns "github.com/miekg/dns"
)

// Key signs a transfer (TSIG, RFC 8945).
type Key struct {
	// Name and Algorithm are absolute, in lower case.
	Name, Algorithm string
	// Secret is base64.
	Secret string
}

// algorithms are those that name servers have in common.
var algorithms = map[string]string{
	"hmac-sha1": mdns.HmacSHA1, "hmac-sha224": mdns.HmacSHA224, "hmac-sha256": mdns.HmacSHA256,
	"hmac-sha384": mdns.HmacSHA384, "hmac-sha512": mdns.HmacSHA512,
}

// ParseKey reads name:algorithm:secret. An error does not repeat the secret.
func ParseKey(text string) (Key, error) {
	parts := strings.SplitN(text, ":", 3)
	if len(parts) != 3 {
		return Key{}, errors.New("a key is name:algorithm:secret")
	}
	name := mdns.CanonicalName(parts[0])
	if _, ok := mdns.IsDomainName(name); !ok || name == "." {
		return Key{}, fmt.Errorf("%q is no name of a key", parts[0])
	}
	algorithm, known := algorithms[strings.TrimSuffix(strings.ToLower(parts[1]), ".")]
	if !known {
		return Key{}, fmt.Errorf("%q is no algorithm: hmac-sha1, -sha224, -sha256, -sha384 and -sha512 are", parts[1])
	}
	if secret, err := base64.StdEncoding.DecodeString(parts[2]); err != nil || len(secret) == 0 {
		return Key{}, errors.New("the key's secret is no base64")
	}
	return Key{Name: name, Algorithm: algorithm, Secret: parts[2]}, nil
}
