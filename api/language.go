package api

import (
	"net/http"

	"github.com/opsledger/opsledger/api/wording"
	"github.com/opsledger/opsledger/domain"
)

const headerLanguage = "Opsledger-Language"

// readLanguage returns the language that the Opsledger-Language header asks for, empty
// without one.
func readLanguage(r *http.Request) (wording.Language, error) {
	text := r.Header.Get(headerLanguage)
	if text == "" {
		return "", nil
	}
	language, known := wording.Parse(text)
	if !known {
		return "", domain.Invalid(headerLanguage, "必须是zh或en！")
	}
	return language, nil
}

// languageOf is the language of the reply to a request: the one that it asks for, or
// else the dialect's.
func languageOf(r *http.Request, d *Dialect) wording.Language {
	if language, err := readLanguage(r); err == nil && language != "" {
		return language
	}
	if d.Language == "" {
		return wording.English
	}
	return d.Language
}
