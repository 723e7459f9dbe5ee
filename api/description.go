package api

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"go.yaml.in/yaml/v3"
)

// OpenAPI describes every route, and the choices made where the API documents
// are silent.
//
//go:embed openapi.yaml
var OpenAPI []byte

// OpenAPIJSON is [OpenAPI] as JSON.
var OpenAPIJSON = sync.OnceValues(func() ([]byte, error) {
	var description any
	if err := yaml.Unmarshal(OpenAPI, &description); err != nil {
		return nil, fmt.Errorf("description of the API: %w", err)
	}
	return json.Marshal(description)
})
