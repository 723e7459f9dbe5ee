// Package openapi reads an OpenAPI description for the tests: it says in what a
// value is not as a schema says, and in what a reply of the product is not as the
// description says. It knows the part of OpenAPI 3.0 that the description uses,
// and must not be imported by what is no test.
package openapi
