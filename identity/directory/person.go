package directory

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-ldap/ldap/v3"
)

// maxAttribute is the number of characters that are taken of an attribute.
const maxAttribute = 128

// Person is what the directory says of somebody; each may be empty.
type Person struct {
	Mail  string
	Name  string
	Phone string
}

func (d *Directory) person(entry *ldap.Entry) Person {
	return Person{
		Mail:  firstText(entry, d.cfg.MailAttribute),
		Name:  firstText(entry, d.cfg.NameAttribute),
		Phone: firstText(entry, d.cfg.PhoneAttribute),
	}
}

// firstText is the first value of the attribute that is one line of text, in at
// most maxAttribute characters.
func firstText(entry *ldap.Entry, attribute string) string {
	for _, value := range entry.GetEqualFoldAttributeValues(attribute) {
		if value = strings.TrimSpace(value); value == "" || !utf8.ValidString(value) || strings.ContainsFunc(value, unicode.IsControl) {
			continue
		}
		if runes := []rune(value); len(runes) > maxAttribute {
			return string(runes[:maxAttribute])
		}
		return value
	}
	return ""
}
