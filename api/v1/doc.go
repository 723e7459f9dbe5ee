// Package v1 is the dialect of what this program offers beyond the documents of the
// DNS and operations APIs, under /v1: how far a change is on the name servers, batches,
// searches and replacements, zones' settings and what zones have in common, agents, the
// output of tasks, who could log in where and when, and users' passwords.
//
// Stage in the flow: it translates between requests and the commands of the domain,
// the rows of the read models, or what the workers know. What is the same for every
// route is the kernel's (package api).
//
// Contract: openapi.yaml, which it serves.
//
// It must not append to the log by itself, nor import another dialect: a batch is
// told which writes of others it may hold.
package v1
