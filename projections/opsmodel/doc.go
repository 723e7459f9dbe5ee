// Package opsmodel is the read model of the operations dialect: machines, tasks
// with the state of their newest attempt, who may log in where.
//
// Stage: package projections runs it like the other models, in the schema "ops";
// api and the workers ask its Reader. Contract: see projections.Model; a task's
// row is [ops.Task] as the events left it, so lists and decisions never differ.
// It must not decide anything.
package opsmodel
