//go:build race

package access_test

// raceEnabled says that the race detector runs: pools then drop things at
// random, and allocations cannot be counted.
const raceEnabled = true
