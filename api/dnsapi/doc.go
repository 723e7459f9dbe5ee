// Package dnsapi is the dialect of the API under /dns: name servers, views, zones
// and records, the BIND main configuration, and the operation log.
//
// Stage in the flow: it translates between what the DNS API's document says and the
// commands of domain/dns, or the rows of the read models. What is the same for every
// route is the kernel's (package api).
//
// Contract: paths, keys, statuses and texts are those of the document; the choices
// made where it is silent are written down in openapi.yaml.
//
// It must not append to the log by itself, nor import another dialect.
package dnsapi
