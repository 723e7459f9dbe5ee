package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
)

// The headers that say what the documents have no place for.
const (
	headerStrict  = "Opsledger-Strict"
	headerWarning = "Opsledger-Warning"
	headerField   = "Opsledger-Field"
	// headerRollout sends a configuration to all name servers at once.
	headerRollout = "Opsledger-Rollout"
	// HeaderID is the id of what a write created.
	HeaderID = "Opsledger-Id"
)

// maxWarnings is how many warnings a reply has.
const maxWarnings = 20

// remarksKey is where a request's remarks stand in its context.
const remarksKey = "remarks"

// remarks are what is to be said about one request beside what it asks for: what in it
// the route does not know, and what the domain warns of.
//
// Invariants:
//  1. What the handler of a route sees of a request are the parameters that the route
//     knows, and no others: each of those is taken out, and is either named in a warning
//     or refused.
//  2. At most maxWarnings are said.
type remarks struct {
	// strict: what the route does not know is refused.
	strict bool
	// dry: the write is to be decided and not carried out.
	dry bool
	// atOnce: the write is not to go to the name servers in stages.
	atOnce bool
	// keys are what a route knows of a body that its handler reads.
	keys     Names
	warnings []domain.Warning
	// refused is what is to be said to a write instead of carrying it out.
	refused error
}

func remarksOf(c echo.Context) *remarks {
	if r, begun := c.Get(remarksKey).(*remarks); begun {
		return r
	}
	return &remarks{}
}

// remark begins the remarks on a request, with its query. A write is refused later, when
// it is known what its caller may do.
func remark(route Route, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := &remarks{strict: route.Dialect.Strict, keys: route.Keys}
		c.Set(remarksKey, r)
		warnInClear(c, r)
		header := c.Response().Header()
		c.Response().Before(func() { r.say(header) })
		if err := r.readHeaders(c.Request()); err != nil {
			return err
		}
		err := r.inspectQuery(c, route.Query)
		if route.Write == nil && err != nil {
			return err
		}
		r.refused = err
		return next(c)
	}
}

// readHeaders reads what the request asks for by headers that every route takes.
func (r *remarks) readHeaders(request *http.Request) error {
	switch request.Header.Get(headerStrict) {
	case "", "false":
	case "true":
		r.strict = true
	default:
		return domain.Invalid(headerStrict, "必须是true或false！")
	}
	switch request.Header.Get(headerDryRun) {
	case "", "false":
	case "true":
		r.dry = true
	default:
		return domain.Invalid(headerDryRun, "必须是true或false！")
	}
	switch request.Header.Get(headerRollout) {
	case "":
	case "now":
		r.atOnce = true
	default:
		return domain.Invalid(headerRollout, "must be one of %s", "now")
	}
	_, err := readLanguage(request)
	return err
}

// inspectQuery takes what the route does not know out of the query.
func (r *remarks) inspectQuery(c echo.Context, known Names) error {
	request := c.Request()
	if request.URL.RawQuery == "" {
		return nil
	}
	q := parseQuery(request.URL.RawQuery)
	if q.Err != nil {
		return nil // which the handler says, if it reads the query
	}
	err := r.inspect(q, known, "")
	c.SetRequest(request.WithContext(withQuery(request.Context(), q.form)))
	return err
}

// inspect takes the parameters that are not known out of p, which is what the part of
// the request has, or all of it. The error is what is to be said to a strict client.
func (r *remarks) inspect(p *Params, known Names, part string) error {
	unknown := p.without(known)
	if len(unknown) > 0 && r.strict {
		return unknownParameter(PrintableName(unknown[0]), part)
	}
	for _, name := range unknown {
		w := domain.Warn(name, "unknown parameter, ignored")
		if part != "" {
			w = w.Within(part)
		}
		r.warn(w)
	}
	return nil
}

func unknownParameter(name, part string) error {
	if part != "" {
		name = part + "." + name
	}
	return domain.Invalid(name, "未知的参数！")
}

func (r *remarks) warn(warnings ...domain.Warning) {
	room := maxWarnings - len(r.warnings)
	r.warnings = append(r.warnings, warnings[:min(room, len(warnings))]...)
}

// say puts the warnings into the header of a reply that is about to be sent.
func (r *remarks) say(header http.Header) {
	for _, w := range r.warnings {
		header.Add(headerWarning, w.String())
	}
}
