package api

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// openAPI describes every route, and the choices made where the API documents
// are silent.
//
//go:embed openapi.yaml
var openAPI []byte

func (s *server) showOpenAPI(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml", openAPI)
}

// statusBody is the reply of the health checks.
type statusBody struct {
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// showHealth says that the process answers.
func (s *server) showHealth(c echo.Context) error {
	return writeJSON(c, http.StatusOK, statusBody{Status: "ok"})
}

// showReady says whether a write would be served now.
func (s *server) showReady(c echo.Context) error {
	if err := s.Ready(c.Request().Context()); err != nil {
		return writeJSON(c, http.StatusServiceUnavailable, statusBody{Status: "unready", Error: err.Error()})
	}
	return writeJSON(c, http.StatusOK, statusBody{Status: "ready"})
}

func (s *server) showMetrics(c echo.Context) error {
	if s.Gatherer == nil {
		return echo.ErrNotFound
	}
	promhttp.HandlerFor(s.Gatherer, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}
