package workforce

// counters is what a Registry has counted.
type counters struct{}
