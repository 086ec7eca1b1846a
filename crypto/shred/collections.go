package shred

import (
	"bytes"
	"maps"
	"slices"
	"time"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// sum adds the counts of b to a.
func sum(a, b map[string]int64) map[string]int64 {
	if a == nil {
		return maps.Clone(b)
	}
	for name, n := range b {
		a[name] += n
	}
	return a
}

// without returns what of a is not in b.
func without(a, b []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(a), func(x uint32) bool { return slices.Contains(b, x) })
}

// tenantKeys returns the ids of the tenant keys that are known to have wrapped
// the keys, ascending.
func tenantKeys(keys []DestroyedKey) []uint32 {
	var ids []uint32
	for _, k := range keys {
		ids = append(ids, k.Born, k.Wrapper)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (c *Certificate) clone() Certificate {
	return Certificate{Statement: bytes.Clone(c.Statement), Signature: bytes.Clone(c.Signature)}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
