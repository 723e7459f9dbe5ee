// Command validate says what is wrong with an OpenAPI description, its examples included.
package main

import (
	"context"
	"log"
	"os"

	"github.com/getkin/kin-openapi/openapi3"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: validate <file>")
	}
	if err := validate(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func validate(ctx context.Context, file string) error {
	description, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return err
	}
	return description.Validate(ctx, openapi3.EnableExamplesValidation())
}
