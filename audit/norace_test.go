//go:build !race

package audit

// RaceEnabled says that the race detector runs.
const RaceEnabled = false
