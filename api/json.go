package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"
)

// WriteJSON replies with the body as JSON, with Chinese text, quotes and
// brackets as they are.
func WriteJSON(c echo.Context, status int, body any) error {
	text, err := EncodeJSON(body)
	if err != nil {
		return err
	}
	// Known before the reply is sent, whatever still comes of the request's body.
	c.Response().Header().Set(echo.HeaderContentLength, strconv.Itoa(len(text)))
	return c.Blob(status, echo.MIMEApplicationJSON, text)
}

// EncodeJSON returns the text that [WriteJSON] sends; it ends with a line feed.
func EncodeJSON(body any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(body); err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	return out.Bytes(), nil
}
