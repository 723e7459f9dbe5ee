package api

import (
	"strings"

	"github.com/labstack/echo/v4"
)

// onlyWholePaths refuses a path that goes on below the route that it was taken for, as
// /dns/zones/2/export goes on below /dns/zones/:id: echo gives the last parameter all of
// the rest. A parameter without a text is no path either.
func onlyWholePaths(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == "" || fits(c.Path(), echo.GetPath(c.Request())) {
			return next(c)
		}
		c.SetPath("")
		return echo.ErrNotFound
	}
}

func fits(pattern, path string) bool {
	segments := strings.Split(path, "/")
	if strings.Count(pattern, "/")+1 != len(segments) {
		return false
	}
	for i, segment := range strings.Split(pattern, "/") {
		if strings.HasPrefix(segment, ":") && segments[i] == "" {
			return false
		}
	}
	return true
}
