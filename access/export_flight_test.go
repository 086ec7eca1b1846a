package access

import "github.com/safeguard-sdk/safeguard"

// Flights counts what is under way.
func (g *Guard) Flights() int {
	n := 0
	for i := range g.enforcement.flights.shards {
		s := &g.enforcement.flights.shards[i]
		s.mu.Lock()
		for f := s.first; f != nil; f = f.next {
			n++
		}
		s.mu.Unlock()
	}
	return n
}

// Codes are all that there are.
func Codes() (all []string) {
	for c := range codes {
		all = append(all, c.String())
	}
	return all
}

// ControlsOf returns the provisions that a code serves.
func ControlsOf(name string) []safeguard.Control {
	for c := range codes {
		if c.String() == name {
			return c.controls()
		}
	}
	return nil
}
