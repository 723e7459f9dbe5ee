package powerdns

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/identity"
	"github.com/opsledger/opsledger/projections/dnsmodel"
	"github.com/opsledger/opsledger/projections/query"
)

// server is what a path calls a server.
type server struct {
	name string
	// view is the view that it stands for, 0 for the only view of each zone.
	view int64
}

// serverNamed finds a server for a user. A credential for one view has no other.
func (a *API) serverNamed(ctx context.Context, who *identity.User, name string) (server, error) {
	if name = unescaped(name); name == dns.OnlyView {
		if who.Credential != nil {
			return server{name, who.Credential.View}, nil
		}
		return server{name, 0}, nil
	}
	views, err := a.views(ctx)
	if err != nil {
		return server{}, err
	}
	for _, v := range views {
		if v.Name == name {
			return server{name, v.ID}, who.RequireView(v.ID)
		}
	}
	return server{}, notFound("View", name)
}

func (a *API) views(ctx context.Context) ([]dnsmodel.View, error) {
	views, _, err := a.DNS.Views(ctx, dnsmodel.ViewFilter{}, query.Everything())
	return views, err
}

func notFound(kind, name string) error {
	return domain.NotFound("%s %s 不存在！", kind, domain.Shown(name))
}

// serverOf is the server that the path of a request names.
func (a *API) serverOf(c echo.Context) (server, error) {
	return a.serverNamed(c.Request().Context(), api.Caller(c), c.Param("server"))
}

type versionBody struct {
	Version int    `json:"version"`
	URL     string `json:"url"`
}

func discover(c echo.Context) error {
	return api.WriteJSON(c, http.StatusOK, []versionBody{{Version: 1, URL: pathV1}})
}

type featuresBody struct {
	ServerURL string   `json:"server_url"`
	Features  []string `json:"api_features"`
}

func discoverV1(c echo.Context) error {
	return api.WriteJSON(c, http.StatusOK, []featuresBody{{ServerURL: pathServers + "{/server}", Features: []string{}}})
}

// version is the one whose API this is. Programs choose by it what they ask for.
const version = "4.9.0"

type serverBody struct {
	Type             string `json:"type"`
	ID               string `json:"id"`
	URL              string `json:"url"`
	DaemonType       string `json:"daemon_type"`
	Version          string `json:"version"`
	ConfigURL        string `json:"config_url"`
	ZonesURL         string `json:"zones_url"`
	AutoprimariesURL string `json:"autoprimaries_url"`
}

func serverFor(name string) serverBody {
	path := pathServers + "/" + url.PathEscape(name)
	return serverBody{
		Type: "Server", ID: name, URL: path, DaemonType: "authoritative", Version: version,
		ConfigURL: path + "/config{/config_setting}", ZonesURL: path + "/zones{/zone}", AutoprimariesURL: path + "/autoprimaries{/autoprimary}",
	}
}

// listServers lists the views that the caller's credential is for, behind the one that stands for the
// only view.
func (a *API) listServers(c echo.Context) error {
	views, err := a.views(c.Request().Context())
	if err != nil {
		return err
	}
	list := []serverBody{serverFor(dns.OnlyView)}
	for _, v := range views {
		if api.Caller(c).RequireView(v.ID) == nil {
			list = append(list, serverFor(v.Name))
		}
	}
	return api.WriteJSON(c, http.StatusOK, list)
}

func (a *API) showServer(c echo.Context) error {
	s, err := a.serverOf(c)
	if err != nil {
		return err
	}
	return api.WriteJSON(c, http.StatusOK, serverFor(s.name))
}
