// Package opsapi is the dialect of the operations API, under /api: tasks and the
// machines that carry them out, the users who may order them, and their ssh keys.
//
// Stage in the flow: it translates between what the operations API's document says
// and the commands of domain/ops and domain/access, or the rows of the read models.
// What is the same for every route is the kernel's (package api).
//
// Contract: paths, keys and texts are those of the document. A reply is always
// {"ok": …, "info": …}, and a client's mistake is 200 and not ok; the choices made
// where the document is silent are written down in openapi.yaml.
//
// It must not append to the log by itself, nor import another dialect.
package opsapi
