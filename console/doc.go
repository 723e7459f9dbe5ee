// Package console serves the pages that people work with in a browser. What is served is what
// stands in web, file by file; nothing is built. The pages use the public API alone, and this
// package knows nothing of it: it serves files, to everybody.
package console
