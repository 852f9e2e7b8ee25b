//go:build race

package dialog

// raceDetector says that the race detector runs; sync.Pool then drops things at
// random, so allocations can not be counted.
const raceDetector = true
