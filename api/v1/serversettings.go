package v1

import (
	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
)

// serverSettingsBody are a server's settings on the wire.
type serverSettingsBody struct {
	OnDrift dns.DriftMode `json:"on_drift"`
}

func (a *API) showServerSettings(c echo.Context) error {
	id, err := api.PathID(c, api.Server)
	if err != nil {
		return err
	}
	if _, err := a.DNS.Server(c.Request().Context(), id); err != nil {
		return api.Found(api.Server, id, err)
	}
	settings, err := a.DNS.ServerSettings(c.Request().Context(), id)
	if err != nil {
		return err
	}
	return api.Show(c, settings.Changed, serverSettingsBody{settings.OnDrift})
}

func (a *API) changeServerSettings() api.Write {
	return api.Write{
		Kind:  api.Server,
		Keys:  api.Names{"on_drift"},
		Right: api.Always(access.Administer()),
		Command: func(w *api.Request) (domain.Command, error) {
			mode := w.Text("on_drift")
			if w.Err != nil {
				return nil, w.Err
			}
			return dns.NewChangeServerSettings(w.ID, mode, w.IfMatch)
		},
	}
}
