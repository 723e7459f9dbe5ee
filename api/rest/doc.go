// Package rest is the REST API as a whole: the kernel with the routes of every
// dialect. It is the one place where the dialects are put together, and its tests
// are those of the contract, on a real log, bus and read models.
//
// It must not answer anything by itself.
package rest
