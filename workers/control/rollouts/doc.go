// Package rollouts leads changes of the configuration from stage to stage.
//
// Stage in the flow: control plane; domain/dns starts a rollout with the change, the agents report how
// their servers are with it → this package lets the next stage be reached, ends the rollout, or stops
// it, which brings the former configuration back.
// Contract: each step is one command that holds in one stage of one rollout, so that any number of
// processes may do this work, and a process that has just started goes on from the log: a step is taken
// once. Only how long a stage has been well is known to the process alone, and counts anew in another one.
// It must not decide what a configuration is.
package rollouts
