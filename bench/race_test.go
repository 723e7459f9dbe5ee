//go:build race

package bench_test

// raceDetector: the tests run with it, so the program is built with it, too, from
// what is compiled already.
const raceDetector = true
