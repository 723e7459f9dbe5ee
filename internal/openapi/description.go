package openapi

import (
	"fmt"
	"iter"
	"os"

	"go.yaml.in/yaml/v3"
)

// Description is a description as it is written. It has every key that the file
// may use; another one fails [Read], so that nothing is written that no test reads.
type Description struct {
	OpenAPI                 string `yaml:"openapi"`
	Info, Servers, Security any
	Tags                    []struct{ Name, Description string }
	TagGroups               any `yaml:"x-tagGroups"`
	Paths                   map[string]PathItem
	Components              Components
}

// Components are what operations refer to by name.
type Components struct {
	SecuritySchemes any `yaml:"securitySchemes"`
	Parameters      map[string]Parameter
	Headers         map[string]Parameter
	RequestBodies   map[string]Message `yaml:"requestBodies"`
	Responses       map[string]Message
	Schemas         map[string]*Schema
}

// PathItem has the operations of a path.
type PathItem struct {
	Parameters                    []Parameter
	Get, Post, Put, Patch, Delete *Operation
}

// Operation is one method of a path.
type Operation struct {
	Tags                 []string
	ID                   string `yaml:"operationId"`
	Summary, Description string
	Security             any
	Parameters           []Parameter
	RequestBody          *Message `yaml:"requestBody"`
	Responses            map[string]Message
}

// Parameter is a parameter of a request or a header of a response.
type Parameter struct {
	Ref                   string `yaml:"$ref"`
	Name, In, Description string
	Required              bool
	Schema                *Schema
	Example               any
}

// Message is the body of a request, or a response.
type Message struct {
	Ref         string `yaml:"$ref"`
	Description string
	Required    bool
	Headers     map[string]Parameter
	Content     map[string]Media
}

// Media is a body of one type.
type Media struct {
	Schema   *Schema
	Example  any
	Examples map[string]struct{ Value any }
}

// All returns the examples by name; one without a name is called example.
func (m Media) All() map[string]any {
	all := map[string]any{}
	for name, example := range m.Examples {
		all[name] = example.Value
	}
	if m.Example != nil {
		all["example"] = m.Example
	}
	return all
}

// Read reads the description that a file holds.
func Read(name string) (*Description, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var d Description
	strict := yaml.NewDecoder(file)
	strict.KnownFields(true)
	if err := strict.Decode(&d); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &d, nil
}

// Operations returns every operation with its name, as in "GET /dns/zones".
func (d *Description) Operations() iter.Seq2[string, *Operation] {
	return func(yield func(string, *Operation) bool) {
		for path, item := range d.Paths {
			for method, o := range item.operations() {
				if o != nil && !yield(method+" "+path, o) {
					return
				}
			}
		}
	}
}

func (i PathItem) operations() map[string]*Operation {
	return map[string]*Operation{"GET": i.Get, "POST": i.Post, "PUT": i.Put, "PATCH": i.Patch, "DELETE": i.Delete}
}
