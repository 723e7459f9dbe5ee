package main

import (
	"context"

	v1 "github.com/opsledger/opsledger/api/v1"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/workers/control/busauth"
	"github.com/opsledger/opsledger/workers/control/enrolment"
)

// enrolments enrols agents for the API: package api does not know package workers.
type enrolments struct{ desk *enrolment.Desk }

// Redeem implements [v1.Enrolments].
func (e enrolments) Redeem(ctx context.Context, digest, key, address string) (v1.Enrolment, error) {
	c, err := e.desk.Redeem(ctx, digest, key, address)
	kind := access.EnrolServer
	if c.Kind == busauth.KindHost {
		kind = access.EnrolMachine
	}
	return v1.Enrolment{Kind: kind, ID: c.ID, Log: c.Log, URL: c.URL, Key: c.Key, Pins: c.Pins, JWT: c.Token}, err
}

// credentialsOfEnrolment are those of the host that has the seed.
func credentialsOfEnrolment(e v1.Enrolment, seed []byte) busauth.Credentials {
	kind := busauth.KindServer
	if e.Kind == access.EnrolMachine {
		kind = busauth.KindHost
	}
	return busauth.Credentials{
		URL: e.URL, Kind: kind, ID: e.ID, Log: e.Log, Key: e.Key, Pins: e.Pins, Token: e.JWT, Seed: seed,
	}
}
