//go:build race

package audit

// RaceEnabled says that the race detector runs: pools then drop things at
// random, and allocations cannot be counted.
const RaceEnabled = true
