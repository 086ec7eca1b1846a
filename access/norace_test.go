//go:build !race

package access_test

// raceEnabled says that the race detector runs.
const raceEnabled = false
