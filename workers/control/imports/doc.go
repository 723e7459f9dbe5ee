// Package imports carries out staged imports, and voids those that nobody carries out any more.
//
// Stage in the flow: control plane; api reads a file, decides on all that it says and appends
// ImportBegun → this package stages the parts, a bounded number in each append, and ends the import.
// Contract: an import that has begun is done or voided: by who carries it out, or, if that process
// has ended, by another one or by the next start, within seconds; and at the latest when its hour is
// over. Parts come no faster than the read models apply them, so that other clients' writes do not
// wait behind them. It must not decide what an import does.
package imports
