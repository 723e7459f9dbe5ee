// Package adminapi is the dialect of the API under /auth and /admin: logins and
// registrations, and the users, roles and privileges that say who may do what.
//
// Stage in the flow: it translates between what the document of the DNS API says
// and the commands of domain/access, or the rows of the read models. Who somebody
// is stands in package identity; what is the same for every route is the kernel's.
//
// Contract: paths, keys, statuses and texts are those of the document; the choices
// made where it is silent are written down in openapi.yaml.
//
// It must not append to the log by itself, nor import another dialect.
package adminapi
