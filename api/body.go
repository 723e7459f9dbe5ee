package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/opsledger/opsledger/domain"
)

// maxFormParts bounds the fields of a multipart form.
const maxFormParts = 1000

// The kinds of request bodies.
type bodyKind int

const (
	// bodyOther is no body type that we know, or none given; it is read as JSON.
	bodyOther bodyKind = iota
	bodyJSON
	bodyForm
	bodyMultipart
)

// kindOfBody returns the kind that the Content-Type header names, and the
// boundary of a multipart form.
func kindOfBody(r *http.Request) (kind bodyKind, boundary string) {
	media, args, err := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	switch {
	case err != nil:
		return bodyOther, ""
	case media == echo.MIMEApplicationJSON:
		return bodyJSON, ""
	case media == echo.MIMEApplicationForm:
		return bodyForm, ""
	case media == echo.MIMEMultipartForm:
		return bodyMultipart, args["boundary"]
	default:
		return bodyOther, ""
	}
}

// ReadBody reads and parses the body of a request whose route is no write: what it has of
// the keys of [Route.Keys]. Errors are [domain.Error] or [tooLargeError].
func ReadBody(c echo.Context) (*Params, error) {
	p, _, err := readBody(c)
	if err == nil {
		r := remarksOf(c)
		err = r.inspect(p, r.keys, "")
	}
	return p, err
}

// readBody reads and parses the request's body. Canonical is what a repeat of the
// request has in common with the first one: the bytes of the body, but for a
// multipart form its fields, since its boundary is another one each time. Errors
// are [domain.Error] or [tooLargeError].
func readBody(c echo.Context) (p *Params, canonical []byte, err error) {
	limit := c.Get(bodyLimitKey).(BodyLimit)
	done := limit.begin(c)
	text, err := io.ReadAll(c.Request().Body)
	done()
	if err != nil {
		return nil, nil, bodyError(err)
	}
	kind, boundary := kindOfBody(c.Request())
	if limit.JSON {
		kind = bodyJSON
	}
	p, canonical = &Params{}, text
	switch kind {
	case bodyForm:
		p.form, err = parseForm(text, limit)
	case bodyMultipart:
		p.form, err = parseMultipart(text, boundary)
		canonical = []byte(p.form.Encode())
	default:
		if err = limit.check(text); err == nil {
			p.Object, err = ParseObject(text)
		}
	}
	if err == nil {
		err = checkForm(p.form, limit)
	}
	if err != nil {
		return nil, nil, bodyError(err)
	}
	return p, canonical, nil
}

// parseForm counts the fields of a form before it makes anything of them.
func parseForm(text []byte, limit BodyLimit) (url.Values, error) {
	if bytes.Count(text, []byte("&")) >= limit.Members {
		return nil, limit.tooMany()
	}
	return url.ParseQuery(string(text))
}

// checkForm bounds the lists that stand in a form as JSON. Other values are texts.
func checkForm(form url.Values, limit BodyLimit) error {
	for _, values := range form {
		for _, value := range values {
			if !strings.HasPrefix(strings.TrimSpace(value), "[") {
				continue
			}
			if err := limit.check([]byte(value)); err != nil {
				return err
			}
		}
	}
	return nil
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	var refused *domain.Error
	switch {
	case errors.As(err, &tooLarge):
		return tooLargeError{tooLarge.Limit}
	case errors.As(err, &refused):
		return refused
	default:
		return domain.Invalid("body", "无法解析：%v", err)
	}
}

// ParseObject splits a JSON object into its members. An empty body is an empty object.
func ParseObject(text []byte) (map[string]json.RawMessage, error) {
	if len(bytes.TrimSpace(text)) == 0 {
		return map[string]json.RawMessage{}, nil
	}
	if json.Valid(text) { // which has blanks of its own; Unicode's are not JSON's
		p, err := ReadObject(text)
		if err == nil {
			return p.Object, nil
		}
		return nil, err
	}
	return refuseObject(text)
}

// refuseObject finds words for what is wrong with a text that is not JSON.
func refuseObject(text []byte) (map[string]json.RawMessage, error) {
	object := map[string]json.RawMessage{}
	dec := json.NewDecoder(bytes.NewReader(text))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, domain.Invalid("body", "必须是JSON对象！")
	}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, notJSON(err)
		}
		name, ok := token.(string)
		if !ok {
			return nil, domain.Invalid("body", "不是合法的JSON！")
		}
		if _, twice := object[name]; twice {
			return nil, domain.Invalid(PrintableName(name), "重复的参数！")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, domain.Invalid(PrintableName(name), "不是合法的JSON！")
		}
		object[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, notJSON(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, domain.Invalid("body", "JSON对象之后不能有其他内容！")
	}
	return object, nil
}

func notJSON(err error) error { return domain.Invalid("body", "不是合法的JSON：%v", err) }

// parseMultipart reads the fields of a multipart form, all in memory; the
// caller bounded its size.
func parseMultipart(text []byte, boundary string) (url.Values, error) {
	form := url.Values{}
	if boundary == "" {
		return form, domain.Invalid("body", "缺少multipart boundary！")
	}
	reader := multipart.NewReader(bytes.NewReader(text), boundary)
	for parts := 0; ; parts++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return form, fmt.Errorf("multipart form: %w", err)
		}
		if parts == maxFormParts {
			return form, domain.Invalid("body", "不能超过%d个字段！", maxFormParts)
		}
		name := part.FormName()
		if part.FileName() != "" {
			return form, domain.Invalid(PrintableName(name), "不能是文件！")
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return form, fmt.Errorf("multipart form: %w", err)
		}
		form.Add(name, string(value))
	}
}

// PrintableName bounds a name that the client made up before it is echoed.
func PrintableName(name string) string {
	const most = 64
	runes := []rune(name)
	if len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return name
}
