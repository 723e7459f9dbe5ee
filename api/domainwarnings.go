package api

import (
	"net/http"

	"github.com/opsledger/opsledger/domain"
)

const (
	headerWarning = "Opsledger-Warning"
	// maxWarnings is how many warnings a reply may have.
	maxWarnings = 20
)

// warn names in a reply's header what is legal and most likely not meant, one line each.
func warn(h http.Header, warnings ...domain.Warning) {
	for _, w := range warnings {
		if w != "" && len(h.Values(headerWarning)) < maxWarnings {
			h.Add(headerWarning, string(w))
		}
	}
}
