package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// keyringOf knows one key and never looks for another.
func keyringOf(secret []byte) *keyring {
	return &keyring{now: time.Now, number: 1, latest: tokenKey{id: keyID(secret), secret: secret}, checked: time.Now().Add(24 * time.Hour)}
}

// Whatever a stranger sends as a token: it is read only if its signature is that of the key,
// by HS256, over exactly what was read, and it has not expired.
func FuzzToken(f *testing.F) {
	secret := []byte("a key of thirty-two octets, so to")
	read := newTokens(keyringOf(secret))
	sign := func(header, claims string) string {
		body := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		return body + "." + base64.RawURLEncoding.EncodeToString(signature(secret, body))
	}
	issued, err := read.issue(f.Context(), holder{ID: 7, Generation: "0123456789ab"}, "li", time.Now())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(issued, `{"alg":"HS256","kid":"`+keyID(secret)+`"}`, `{"user":"li","exp":99999999999,"jti":"7.0123456789ab.x"}`)
	f.Add("", `{"alg":"none"}`, `{"exp":1e400,"jti":"7.a.b"}`)
	f.Add("a.b.c", `{"alg":"HS256","kid":{},"b64":false,"crit":["b64"]}`, `{"exp":"99999999999","iat":-1,"jti":"-1.a.b"}`)
	f.Fuzz(func(t *testing.T, text, header, claims string) {
		for _, text := range []string{text, sign(header, claims)} {
			h, err := read.read(t.Context(), text)
			if err != nil {
				continue
			}
			body, seal, _ := cutLast(text, ".")
			if given, err := base64.RawURLEncoding.DecodeString(seal); err != nil || !hmac.Equal(given, signature(secret, body)) {
				t.Fatalf("%q is read as %+v without its signature", text, h)
			}
			first, second, _ := strings.Cut(body, ".")
			var alg struct{ Alg, Kid string }
			var said struct {
				Expires json.Number `json:"exp"`
				ID      string      `json:"jti"`
			}
			decodePart(t, first, &alg)
			decodePart(t, second, &said)
			expires, err := said.Expires.Float64()
			if alg.Alg != "HS256" || alg.Kid != keyID(secret) || err != nil || expires < float64(time.Now().Unix())-1 {
				t.Fatalf("%q is read as %+v: %+v, expires %v", text, h, alg, said.Expires)
			}
			if again, err := parseTokenID(said.ID); err != nil || again.ID != h.ID || again.Generation != h.Generation {
				t.Fatalf("%q is of %+v, read as %+v: %v", text, again, h, err)
			}
		}
	})
}

func signature(key []byte, body string) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(body))
	return mac.Sum(nil)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// decodePart reads a part of a token that was taken, so it must be JSON in base64.
func decodePart(t *testing.T, part string, into any) {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("a token was read whose part %q is none: %v", part, err)
	}
}
