package bind

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"

	"github.com/opsledger/opsledger/workers/agents/bind/dnsclient"
)

// local is what is known on this host alone: keys that never leave it, and ports.
// It is kept in one file that only its owner can read.
type local struct {
	// ControlPort is the port of named's control channel, on loopback.
	ControlPort   uint16 `json:"control_port"`
	ControlSecret []byte `json:"control_secret"`
	// ListenPort is the port that was chosen for named, 0 if one was configured.
	ListenPort uint16 `json:"listen_port"`
	// ViewSecrets holds each view's TSIG secret by view id.
	ViewSecrets map[int64][]byte `json:"view_secrets"`
	// TransferSecrets are the TSIG secrets by which the servers of the fleet exchange zones, by view
	// id. They are the control plane's, and here for a start without it.
	TransferSecrets map[int64][]byte `json:"transfer_secrets,omitempty"`
}

// openLocal reads the file, or starts a new one when there is none.
func openLocal(l layout) (*local, error) {
	own := &local{ViewSecrets: map[int64][]byte{}}
	data, err := os.ReadFile(l.local())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("bind: %w", err)
	}
	if err == nil {
		if err := json.Unmarshal(data, own); err != nil {
			return nil, fmt.Errorf("bind: read %s: %w", l.local(), err)
		}
	}
	if len(own.ControlSecret) == 0 {
		own.ControlSecret = newSecret()
	}
	if own.ViewSecrets == nil {
		own.ViewSecrets = map[int64][]byte{}
	}
	return own, nil
}

func (o *local) save(l layout) error {
	data, err := json.MarshalIndent(o, "", "\t")
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return l.keep(l.local(), append(data, '\n'))
}

// newSecret is 256 random bits; crypto/rand never fails.
func newSecret() []byte {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	return secret
}

// addViewKeys makes the keys that are missing and says whether there were any.
func (o *local) addViewKeys(views []int64) bool {
	added := false
	for _, id := range views {
		if len(o.ViewSecrets[id]) == 0 {
			o.ViewSecrets[id] = newSecret()
			added = true
		}
	}
	return added
}

func (o *local) controlAddr() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(int(o.ControlPort)))
}

func viewName(id int64) string { return "v" + strconv.FormatInt(id, 10) }

func viewKeyName(id int64) string { return "opsledger-" + viewName(id) }

func transferKeyName(id int64) string { return "opsledger-transfer-" + viewName(id) }

func probeKeyName(id int64) string { return "opsledger-probe-" + viewName(id) }

// probeSecret is made of the view's secret, so that it needs no place in the file.
func (o *local) probeSecret(id int64) []byte {
	mac := hmac.New(sha256.New, o.ViewSecrets[id])
	_, _ = mac.Write([]byte("probe"))
	return mac.Sum(nil)
}

// probeKey is the TSIG key that leads a question to the view and gives no right there.
func (o *local) probeKey(id int64) dnsclient.Key {
	return dnsclient.Key{Name: probeKeyName(id) + ".", Secret: base64.StdEncoding.EncodeToString(o.probeSecret(id))}
}

// viewKey is the TSIG key that leads a message to the view.
func (o *local) viewKey(id int64) dnsclient.Key {
	return dnsclient.Key{Name: viewKeyName(id) + ".", Secret: base64.StdEncoding.EncodeToString(o.ViewSecrets[id])}
}
