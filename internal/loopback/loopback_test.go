package loopback

import "testing"

func TestNames(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"127.0.0.1": true, "127.8.9.10": true, "::1": true, "::ffff:127.0.0.1": true, "localhost": true,
		"": false, "LocalHost": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "localhost.": false, "localhost.example.com": false, "127.0.0.1.example.com": false,
	} {
		if got := Names(host); got != want {
			t.Errorf("%q: %t", host, got)
		}
	}
}
