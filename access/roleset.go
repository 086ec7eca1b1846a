package access

import "math/bits"

// roleSet is a set of roles of one policy.
type roleSet [maxPolicyRoles / 64]uint64

func (s *roleSet) add(i int) { s[i/64] |= 1 << (i % 64) }

func (s *roleSet) has(i int) bool { return s[i/64]>>(i%64)&1 != 0 }

func (s *roleSet) meets(t *roleSet) bool {
	return s[0]&t[0]|s[1]&t[1]|s[2]&t[2]|s[3]&t[3] != 0
}

// join adds what is in t.
func (s *roleSet) join(t *roleSet) {
	for i := range s {
		s[i] |= t[i]
	}
}

// within reports whether all of s is in t.
func (s *roleSet) within(t *roleSet) bool {
	for i := range s {
		if s[i]&^t[i] != 0 {
			return false
		}
	}
	return true
}

// shared counts what is in both s and t.
func (s *roleSet) shared(t *roleSet) int {
	n := 0
	for i := range s {
		n += bits.OnesCount64(s[i] & t[i])
	}
	return n
}

func (s *roleSet) hash() uint64 {
	return mix(s[0]^mix(s[2], 0x9e3779b97f4a7c15), s[1]^mix(s[3], 0xbf58476d1ce4e5b9))
}

// each calls f with every role in s, in order.
func (s *roleSet) each(f func(int)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			f(i*64 + bits.TrailingZeros64(word))
		}
	}
}
