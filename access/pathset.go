package access

// pathSet is a set of ids of paths; nil takes nothing in.
type pathSet []uint64

func (s pathSet) add(i int) {
	if s != nil {
		s[i/64] |= 1 << (i % 64)
	}
}

func (s pathSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

// empty returns an empty set of the size of s, nil for nil.
func (s pathSet) empty() pathSet {
	if s == nil {
		return nil
	}
	return make(pathSet, len(s))
}

// merge adds what is in t.
func (s pathSet) merge(t pathSet) {
	for i, bits := range t {
		s[i] |= bits
	}
}
