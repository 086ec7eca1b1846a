package evidence

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

const samplingAll = "all"

// sampler draws events while they pass: those whose SHA-256 over the seed, the
// table's name and the record's index is lowest. Nobody can steer which, and
// everybody can draw again.
type sampler struct {
	name, seed string
	size       int
	population uint64
	drawn      []drawn // sorted by hash
}

type drawn struct {
	hash  [sha256.Size]byte
	index uint64
	who   principal
	cells []string
}

// whoCell is where the cells of an event name who acted.
const whoCell = 2

func newSampler(name, seed string, size int) *sampler {
	return &sampler{name: name, seed: seed, size: size}
}

func (s *sampler) add(index uint64, who principal, cells ...string) {
	s.population++
	d := drawn{sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d", s.seed, s.name, index)), index, who, cells}
	at, _ := slices.BinarySearchFunc(s.drawn, d, func(a, b drawn) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	if at >= s.size {
		return
	}
	s.drawn = slices.Insert(s.drawn, at, d)
	s.drawn = s.drawn[:min(len(s.drawn), s.size)]
}

// rule says how rows were drawn.
func (s *sampler) rule() string {
	if s.population == uint64(len(s.drawn)) {
		return samplingAll
	}
	return fmt.Sprintf("%d of %d: the lowest SHA-256 of %q, %q and the record's index, each on a line", len(s.drawn), s.population, s.seed, s.name)
}

// rows returns what was drawn in the order of the log, without the names that
// hide says.
func (s *sampler) rows(hide func(principal) bool) [][]string {
	all := slices.Clone(s.drawn)
	slices.SortStableFunc(all, func(a, b drawn) int {
		switch {
		case a.index < b.index:
			return -1
		case a.index > b.index:
			return 1
		}
		return 0
	})
	out := make([][]string, len(all))
	for i, d := range all {
		out[i] = slices.Clone(d.cells)
		if hide(d.who) {
			out[i][whoCell] = "not shown"
		}
	}
	return out
}

// table is a map with a bound. What finds no place is counted.
type table[K comparable, V any] struct {
	rows map[K]V
	max  int
	lost uint64
}

func newTable[K comparable, V any](limit int) *table[K, V] {
	return &table[K, V]{rows: map[K]V{}, max: limit}
}

// get returns the value of the key, made if it is new, and the zero value if
// there is no place for it.
func (t *table[K, V]) get(k K, create func() V) V {
	v, ok := t.rows[k]
	if ok {
		return v
	}
	if len(t.rows) >= t.max {
		t.lost++
		return v
	}
	v = create()
	t.rows[k] = v
	return v
}

func newSpan() *span { return &span{} }

func cut(s string) string {
	if len(s) > maxText {
		return strings.ToValidUTF8(s[:maxText], "")
	}
	return s
}

func number[N uint64 | int](n N) string { return strconv.FormatUint(uint64(n), 10) }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func known(id safeguard.Control) bool {
	_, ok := crosswalk.Get(id)
	return ok
}
