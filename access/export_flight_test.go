package access

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
