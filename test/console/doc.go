// Package console tries the console in a real browser, a Chromium, against a real system: one system
// and one browser for all walks, each of which has a window of its own, with its own cookies.
//
// Contract: a page that writes an error to the browser's console, throws, or does what its policy
// forbids fails the walk. Nothing is waited for but what a person would see.
package console
