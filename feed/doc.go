// Package feed shows the log to its readers: which of its events somebody may see, what of
// them, and each new one as it comes.
//
// Stage in the flow: beside the read models. Events come from the log by position; what
// rights on them follow from is what the read models have now. The readers are GET /v1/events
// and its streams.
//
// Contract: whoever reads gets the events that they may see in order of the log, each once,
// none left out; and nothing of a change before the read models have all of it. The rule of
// who may see what is that of the operation log, [access.Actor.Sees]. What is personal or
// names a secret is shown to nobody.
//
// It must not append, and must not decide on rights itself.
package feed
