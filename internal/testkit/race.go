//go:build race

package testkit

// raceDetector says that the tests run with it.
const raceDetector = true
