package review

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"
)

// VolumeOptions are the settings of a [Volume]. The zero value, or nil, takes
// the defaults of the constructor.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type VolumeOptions struct {
	// Window is the time in which patients are counted. It goes on by halves:
	// whatever happens within Window/2 is counted as a whole wherever it
	// begins, what happens within Window at least by half.
	Window time.Duration
	// Limit is how many different patients in a window raise an alert in any
	// case. No baseline lifts it.
	Limit uint64
	// Least is how many never raise one.
	Least uint64
	// Factor raises an alert between Least and Limit: so many times the usual
	// number of the account itself or of its group, whichever is higher.
	// Usual is a moving average over windows with any access and without an
	// alert; it counts after 5 windows of an account, or 20 of a group.
	Factor float64
	// Groups names peers; nil compares an account with itself only.
	Groups Groups
	// MaxActors bounds the memory, about 2.5 KiB an account; beyond it, the
	// account that was idle longest is forgotten. The default is 20,000.
	MaxActors int
}

// A Volume counts the different patients that an account touches in a time. It
// is exact up to 128 in half a window and has a standard error of 3.3 % beyond.
// One alert is raised for an account in a window.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
type Volume struct {
	name   string
	opts   VolumeOptions
	match  func(f *Fact) (key Actor, ok bool)
	actors tables[volume]
	groups map[string]*usual
}

// A volume is what is known of one account.
type volume struct {
	pane    int64 // number of the half window
	cur     distinct
	both    distinct // of this half and the one before
	usual   usual
	alerted int64 // the half in which an alert was raised, 0 if none
}

// usual is an exponentially weighted moving average.
type usual struct {
	Mean    float64 `json:"mean"`
	Windows uint32  `json:"windows"`
}

const (
	weight      = 0.15
	ownWindows  = 5
	peerWindows = 20
	maxGroups   = 1000
)

func (u *usual) add(v float64) {
	if u.Windows == 0 {
		u.Mean = v
	} else {
		u.Mean += weight * (v - u.Mean)
	}
	u.Windows = min(u.Windows+1, math.MaxUint32-1)
}

func (u usual) sane() bool { return u.Mean >= 0 && u.Mean < 1e12 && (u.Windows > 0 || u.Mean == 0) }

// newVolume fills in the defaults and checks.
func newVolume(name string, opts *VolumeOptions, d VolumeOptions, match func(*Fact) (Actor, bool)) (*Volume, error) {
	o := VolumeOptions{}
	if opts != nil {
		o = *opts
	}
	if o.Window < 0 || o.Factor < 0 || math.IsNaN(o.Factor) || o.MaxActors < 0 || o.MaxActors > 1<<24 {
		return nil, fmt.Errorf("%w: %s: negative or too large", ErrOptions, name)
	}
	if o.Window == 0 {
		o.Window = d.Window
	}
	if o.Limit == 0 {
		o.Limit = d.Limit
	}
	if o.Least == 0 {
		o.Least = min(d.Least, o.Limit)
	}
	if o.Factor == 0 {
		o.Factor = d.Factor
	}
	if o.MaxActors == 0 {
		o.MaxActors = 20_000
	}
	if o.Window < 2*time.Second || o.Least > o.Limit || o.Factor < 1 {
		return nil, fmt.Errorf("%w: %s: wants Window of 2 s or more, Least up to Limit, Factor of 1 or more", ErrOptions, name)
	}
	return &Volume{name: name, opts: o, match: match, actors: newTables[volume](o.MaxActors), groups: map[string]*usual{}}, nil
}

// Name implements [Rule].
func (v *Volume) Name() string { return v.name }

// Observe implements [Rule].
func (v *Volume) Observe(ctx context.Context, f *Fact, raise func(Alert)) {
	key, ok := v.match(f)
	if !ok {
		return
	}
	v.count(ctx, f, key, f.Patients, raise)
}

// count adds patients, or the request itself if it names none.
func (v *Volume) count(ctx context.Context, f *Fact, key Actor, patients []string, raise func(Alert)) {
	s := v.actors.get(key)
	v.turn(ctx, key, s, f.Time)
	if len(patients) == 0 {
		s.add(hash64(f.Entry))
	}
	for _, p := range patients {
		s.add(hash64(p))
	}
	n := s.both.count()
	if n <= v.opts.Least || s.alerted != 0 && s.pane-s.alerted < 2 {
		return
	}
	limit := v.limit(ctx, key, s)
	if n <= limit {
		return
	}
	s.alerted = s.pane
	a := alertOf(f, "too-many", fmt.Sprintf("%s\x00%d", key.ID, s.pane))
	a.Count, a.Limit = n, limit
	raise(a)
}

func (s *volume) add(h uint64) {
	s.cur.add(h)
	s.both.add(h)
}

// turn goes on to the half window of t. A record from the one before counts in
// the present one. A still earlier one means that the clock was wrong and was
// set right: what was counted stays, and nothing counts as flagged until then.
func (v *Volume) turn(ctx context.Context, key Actor, s *volume, t time.Time) {
	pane := t.UnixNano()/int64(v.opts.Window/2) + 1
	switch {
	case s.pane == 0:
		s.pane = pane
		return
	case pane < s.pane-1:
		s.pane, s.alerted = pane, 0
		return
	case pane <= s.pane:
		return
	}
	if n := s.both.count(); n > 0 && s.alerted != s.pane && s.alerted != s.pane-1 {
		s.usual.add(float64(n))
		if g := v.group(ctx, key); g != nil {
			g.add(float64(n))
		}
	}
	if pane == s.pane+1 {
		s.both.take(&s.cur)
	} else {
		s.both, s.cur = distinct{}, distinct{}
	}
	s.pane = pane
}

// limit is what is in order for this account.
func (v *Volume) limit(ctx context.Context, key Actor, s *volume) uint64 {
	mean, known := 0.0, false
	if s.usual.Windows >= ownWindows {
		mean, known = s.usual.Mean, true
	}
	if g := v.group(ctx, key); g != nil && g.Windows >= peerWindows {
		mean, known = max(mean, g.Mean), true
	}
	if !known {
		return v.opts.Limit
	}
	return min(v.opts.Limit, max(v.opts.Least, uint64(min(v.opts.Factor*mean, 1e12))))
}

// group is what is usual among peers, nil if there are none.
func (v *Volume) group(ctx context.Context, key Actor) *usual {
	if v.opts.Groups == nil {
		return nil
	}
	id, _, _ := strings.Cut(key.ID, "\x00")
	name := v.opts.Groups.Group(ctx, key.Tenant, id)
	if name == "" || len(name) > 128 {
		return nil
	}
	name = key.Tenant + "/" + name
	g := v.groups[name]
	if g == nil && len(v.groups) < maxGroups {
		g = &usual{}
		v.groups[name] = g
	}
	return g
}

// volumeState is a Volume as it is saved.
type volumeState struct {
	Actors []saved[savedVolume] `json:"actors"`
	Groups map[string]usual     `json:"groups"`
}

type savedVolume struct {
	Pane    int64  `json:"pane"`
	Cur     []byte `json:"cur"`
	Both    []byte `json:"both"`
	Usual   usual  `json:"usual"`
	Alerted int64  `json:"alerted"`
}

// Save implements [Stateful].
func (v *Volume) Save() ([]byte, error) { return json.Marshal(v.state()) }

func (v *Volume) state() volumeState {
	s := volumeState{Groups: map[string]usual{}}
	s.Actors = saveTables(v.actors, func(s *volume) savedVolume {
		return savedVolume{s.pane, s.cur.append(nil), s.both.append(nil), s.usual, s.alerted}
	})
	for name, g := range v.groups {
		s.Groups[name] = *g
	}
	return s
}

// Restore implements [Stateful].
func (v *Volume) Restore(state []byte) error {
	var s volumeState
	if err := strict(state, &s); err != nil {
		return err
	}
	return v.restore(s)
}

func (v *Volume) restore(s volumeState) error {
	if len(s.Groups) > maxGroups {
		return fmt.Errorf("%w: too many groups", ErrState)
	}
	for name, g := range s.Groups {
		if !g.sane() {
			return fmt.Errorf("%w: a group's values cannot be", ErrState)
		}
		v.groups[name] = &g
	}
	return restoreTables(v.actors, s.Actors, func(s savedVolume) (volume, bool) {
		cur, ok1 := parseDistinct(s.Cur)
		both, ok2 := parseDistinct(s.Both)
		sane := s.Usual.sane() && s.Pane != 0 && s.Alerted <= s.Pane
		return volume{pane: s.Pane, cur: cur, both: both, usual: s.Usual, alerted: s.Alerted}, ok1 && ok2 && sane
	})
}
