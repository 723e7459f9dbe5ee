package dns

import (
	"fmt"
	"strconv"
	"strings"
)

// secretReference starts what stands in place of a secret. A secret itself is
// base64 or hexadecimal and has no colon, so the two cannot be confused.
const secretReference = "vault:"

// confSecret is a secret in the text, with whose it is: a key's by its name, the options' cookie
// secrets by their number.
type confSecret struct {
	Element
	owner string
}

// secretElements returns the secrets of the configuration in the order of the
// text: those of key statements and the options' cookie secrets.
func (c *BindConf) secretElements() []confSecret {
	var out []confSecret
	cookies := 0
	for _, s := range c.Statements {
		name := map[string]string{"key": "secret", "options": "cookie-secret"}[s.Name()]
		for _, inner := range s.block() {
			if name == "" || inner.Name() != name || len(inner.Elements) != 2 || inner.Elements[1].IsBlock {
				continue
			}
			owner := "key " + strings.ToLower(s.word(1))
			if s.Name() == "options" {
				cookies++
				owner = strconv.Itoa(cookies)
			}
			out = append(out, confSecret{inner.Elements[1], owner})
		}
	}
	return out
}

// references returns the ids of the vault entries that the text refers to, in
// the order of the text.
func (c *BindConf) references() []string {
	var out []string
	for _, e := range c.secretElements() {
		if id, ok := strings.CutPrefix(e.Text, secretReference); ok {
			out = append(out, id)
		}
	}
	return out
}

// CutSecrets returns the source with each secret replaced by a reference to the
// place where keep has put the secret, and the ids that keep returned, in the
// order of the text. The rest of the text, comments included, stays as it was.
func (c *BindConf) CutSecrets(keep func(secret string) (id string, err error)) (text string, ids []string, err error) {
	text, err = c.replaceSecrets(func(secret confSecret) (string, error) {
		id, err := keep(secret.Text)
		ids = append(ids, id)
		return secretReference + id, err
	})
	return text, ids, err
}

// FillSecrets is the reverse of [BindConf.CutSecrets]: secrets maps ids to
// secrets and must have every id that the text refers to.
func FillSecrets(text string, secrets map[string]string) (string, error) {
	conf, err := parseBindConf(text, storedForm)
	if err != nil {
		return "", err
	}
	return conf.replaceSecrets(func(reference confSecret) (string, error) {
		id, ok := strings.CutPrefix(reference.Text, secretReference)
		if !ok {
			return reference.Text, nil
		}
		secret, ok := secrets[id]
		if !ok || !isSecretText(secret) {
			return "", fmt.Errorf("fill BIND configuration: no secret %s", id)
		}
		return secret, nil
	})
}

// WithStandIns returns the configuration as it is to be checked by a program: each secret
// is replaced by another text of the same form and length.
func (c *BindConf) WithStandIns() (*BindConf, error) {
	text, err := c.replaceSecrets(func(secret confSecret) (string, error) {
		padding := len(secret.Text) - len(strings.TrimRight(secret.Text, "="))
		return strings.Repeat("A", len(secret.Text)-padding) + strings.Repeat("=", padding), nil
	})
	if err != nil {
		return nil, err
	}
	return parseBindConf(text, storedForm)
}

func (c *BindConf) replaceSecrets(replace func(confSecret) (string, error)) (string, error) {
	var out strings.Builder
	copied := 0
	for _, e := range c.secretElements() {
		text, err := replace(e)
		if err != nil {
			return "", err
		}
		out.WriteString(c.source[copied:e.at])
		out.WriteString(`"` + text + `"`)
		copied = e.end
	}
	out.WriteString(c.source[copied:])
	return out.String(), nil
}

// isSecretText accepts base64 and hexadecimal.
func isSecretText(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; (!isLabelByte(c) && c != '+' && c != '=') || c == '_' || c == '-' {
			return false
		}
	}
	return text != ""
}
