// Package access decides about users, their roles and what they may do.
//
// Every other context asks it one question, [Authorize]: may this actor do this
// to that. The answer is made of events, so a right that was taken away while a
// command was being decided fails the append. Reads ask the same of an actor in
// memory, [Actor.May].
//
// Where rights come from: the role admin (everything, always); a built-in role,
// for each resource of its kind that was created since its set was last
// replaced; the set of privileges that a role names; and having created the
// resource. A server, view or zone has three privileges of its own, whose ids its
// Created event carries; more are made by hand. None of them is stored per role
// and resource, so creating one of many thousand zones changes no role.
//
// It must not know what a server, view, zone or record is, but for its number.
package access
