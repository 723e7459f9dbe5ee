package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// listAgents lists all agents, of name servers and of hosts.
func (s *server) listAgents(c echo.Context) error {
	if s.Agents == nil {
		return errNoAgents
	}
	agents, err := s.Agents.Agents(c.Request().Context())
	if err != nil {
		return err
	}
	return writeJSON(c, http.StatusOK, struct {
		Agents []Agent `json:"agents"`
	}{append([]Agent{}, agents...)})
}
