package powerdns

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/api"
	"github.com/opsledger/opsledger/projections/dnsmodel"
)

// mediaExport is the type of a zone that is exported as text.
const mediaExport = "text/plain; charset=us-ascii"

// export sends what a zone serves, line by line, or as one text in JSON to a client that names it.
func (a *API) export(c echo.Context) error {
	at, err := a.placeOf(c)
	if err != nil {
		return err
	}
	if err := api.Caller(c).RequireWholeZone(); err != nil {
		return err
	}
	leave, err := a.contents.Take(c.Request().Context(), api.Caller(c).ID)
	if err != nil {
		return err
	}
	defer leave()
	line, media := func(text string) string { return text }, mediaExport
	if asksForJSON(c.Request()) {
		line, media = insideJSON, echo.MIMEApplicationJSON
	}
	out := api.NewStream(c, media, a.Still(c))
	if media != mediaExport {
		err = out.Text(`{"zone":"`)
	}
	if err == nil {
		err = a.content(c.Request().Context(), at, func(content *dnsmodel.Content) error {
			return eachSet(content, setsFilter{}, api.Caller(c), func(set rrsetBody) error {
				for _, r := range set.Records {
					text := strings.Join([]string{set.Name, strconv.FormatUint(uint64(set.TTL), 10), "IN", set.Type, r.Content}, "\t")
					if err := out.Text(line(text + "\n")); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
	if err == nil && media != mediaExport {
		err = out.Text("\"}\n")
	}
	return out.End(err)
}

// insideJSON is a part of a JSON text.
func insideJSON(text string) string {
	encoded, _ := json.Marshal(text) // a text has an encoding
	return string(encoded[1 : len(encoded)-1])
}
