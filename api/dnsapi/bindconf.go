package dnsapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/eventstore"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// errNoChecker: nobody can tell whether named would take a configuration.
const errNoChecker = api.Unavailable("no name server can check the configuration now, try again")

// kindBindSecret is the kind of vault entry that a key's secret becomes.
const kindBindSecret = "bind"

// bindConfBody is the BIND main configuration on the wire. Where the text needs
// a secret it has the reference that stands in the log.
type bindConfBody struct {
	Message  string `json:"message"`
	BindConf string `json:"bind_conf"`
}

func (a *API) showBindConf(c echo.Context) error {
	conf, err := a.bindConf(c.Request().Context())
	if err != nil {
		return err
	}
	return api.Show(c, conf.Changed, bindConfBody{"OK", conf.Text})
}

// bindConf returns the current configuration, the default one at position 0.
func (a *API) bindConf(ctx context.Context) (dnsmodel.BindConf, error) {
	conf, err := a.DNS.BindConf(ctx)
	if errors.Is(err, query.ErrNotFound) {
		return dnsmodel.BindConf{Text: dns.DefaultBindConf}, nil
	}
	if err != nil {
		return conf, fmt.Errorf("read BIND configuration: %w", err)
	}
	return conf, nil
}

func confText(p *api.Params) string { return p.Required("bind_conf") }

func (a *API) changeBindConf() api.Write {
	return api.Write{
		Keys: api.Reads(confText),
		Command: func(w *api.Request) (domain.Command, error) {
			text := confText(w.Params)
			if w.Err != nil {
				return nil, w.Err
			}
			end, err := a.confChecks.begin(w.Caller.ID)
			if err != nil {
				return nil, err
			}
			defer end()
			return a.newBindConf(w, text)
		},
		Reply: func(w *api.Request, receipt eventstore.Receipt) (any, error) {
			text, err := a.bindConfOf(w.Context(), receipt)
			return bindConfBody{"OK", text}, err
		},
	}
}

// newBindConf checks a text, moves its secrets to the vault and builds the
// command. If nothing comes of it, the vault collects the entries.
func (a *API) newBindConf(w *api.Request, text string) (domain.Command, error) {
	ctx := w.Context()
	known, err := a.bindSecrets(ctx)
	if err != nil {
		return nil, err
	}
	clear, err := fillSecrets(text, known)
	if err != nil {
		return nil, err
	}
	conf, err := dns.ParseBindConf(clear)
	if err != nil {
		return nil, err
	}
	if err := conf.Validate(); err != nil {
		return nil, err
	}
	if err := a.checkConf(ctx, conf); err != nil {
		return nil, err
	}
	put := func(secret string) (uuid.UUID, error) { return a.Vault.Put(ctx, kindBindSecret, []byte(secret)) }
	if w.Dry() {
		put = func(string) (uuid.UUID, error) { return uuid.Nil, nil } // as if it were kept
	}
	cut, ids, err := conf.CutSecrets(keeper(put, known))
	if err != nil {
		return nil, err
	}
	return dns.NewChangeBindConf(cut, ids, w.IfMatch)
}

// bindSecrets returns the secrets of the current configuration by vault id.
func (a *API) bindSecrets(ctx context.Context) (map[string]string, error) {
	conf, err := a.bindConf(ctx)
	if err != nil {
		return nil, err
	}
	secrets := map[string]string{}
	for _, text := range conf.Secrets {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("secret of the BIND configuration: %w", err)
		}
		secret, err := a.Vault.Get(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("secret of the BIND configuration: %w", err)
		}
		secrets[text] = string(secret)
	}
	return secrets, nil
}

// fillSecrets puts the secrets back where the text refers to them, so that a
// text can be read, edited and sent back. A reference to anything but a secret
// of the current configuration is refused: it could name any vault entry.
func fillSecrets(text string, known map[string]string) (string, error) {
	clear, err := dns.FillSecrets(text, known)
	var refused *domain.Error
	if err != nil && !errors.As(err, &refused) {
		return "", domain.Invalid("bind_conf", "引用了当前版本中不存在的密钥！")
	}
	return clear, err
}

// keeper puts secrets into a vault; one that is there already keeps its
// place, so that an unchanged configuration stays unchanged.
func keeper(put func(string) (uuid.UUID, error), known map[string]string) func(string) (string, error) {
	ids := map[string]string{}
	for id, secret := range known {
		ids[secret] = id
	}
	return func(secret string) (string, error) {
		if id, ok := ids[secret]; ok {
			return id, nil
		}
		id, err := put(secret)
		if err != nil {
			return "", fmt.Errorf("keep a secret of the BIND configuration: %w", err)
		}
		ids[secret] = id.String()
		return id.String(), nil
	}
}

// RecheckConf asks whether named would take a configuration that a user brings back. Its secrets are
// those of the present one.
func (a *API) RecheckConf(ctx context.Context, user domain.UserID, text string) error {
	end, err := a.confChecks.begin(user)
	if err != nil {
		return err
	}
	defer end()
	known, err := a.bindSecrets(ctx)
	if err != nil {
		return err
	}
	clear, err := fillSecrets(text, known)
	if err != nil {
		return err
	}
	conf, err := dns.ReadBindConf(clear)
	if err != nil {
		return err
	}
	return a.checkConf(ctx, conf)
}

func (a *API) checkConf(ctx context.Context, conf *dns.BindConf) error {
	if a.CheckConf == nil {
		return errNoChecker
	}
	err := a.CheckConf(ctx, conf)
	var refused *domain.Error
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("%w: %w", errNoChecker, err)
}

// bindConfOf returns the text that a change made current, or found current.
func (a *API) bindConfOf(ctx context.Context, receipt eventstore.Receipt) (string, error) {
	for _, recorded := range receipt.Events {
		if e, ok := recorded.Event.(dns.BindConfChanged); ok {
			return e.Text, nil
		}
	}
	conf, err := a.bindConf(ctx)
	return conf.Text, err
}
