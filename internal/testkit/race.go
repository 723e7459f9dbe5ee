//go:build race

package testkit

// RaceDetector says that the tests run with it.
const RaceDetector = true
