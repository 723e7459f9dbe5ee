package main

import (
	"strings"
	"testing"
)

// A witness is a URL and a key; the library takes the command line's list apart at the commas.
func TestWitnessFlag(t *testing.T) {
	t.Parallel()
	// The example of C2SP signed-note is a key for plain signatures, not for cosignatures.
	const plain = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
	for _, c := range []struct {
		flags []string
		says  string
	}{
		{[]string{"https://witness.example"}, "want a URL and a verifier key"},
		{[]string{"witness.example", plain}, "no http or https URL"},
		{[]string{"https://witness.example", plain}, "no verifier key for Ed25519 cosignatures"},
	} {
		cfg := Config{Data: t.TempDir(), Timezone: "UTC", Witnesses: c.flags, Logging: logging{Level: "info"}}
		err := cfg.Validate()
		if err == nil || !strings.Contains(err.Error(), "--witness: ") || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.flags, err)
		}
	}
	cfg := Config{Data: t.TempDir(), Timezone: "UTC", LogOrigin: "two words"}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), "--log-origin: ") {
		t.Errorf("an origin of two words: %v", err)
	}
}
