// Package openapi reads an OpenAPI description for the tests. It reports where a
// value breaks its schema, and where a reply of the product breaks the description.
// It knows the part of OpenAPI 3.0 that the description uses,
// and must not be imported by what is no test.
package openapi
