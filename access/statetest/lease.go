package statetest

import (
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

var leaseRules = []rule{
	{"known at once", "A replica is known once Renew has returned.", func(t *testing.T, s state.State) {
		renew(t, s, "r1", 7, time.Minute)
		r, live := replica(t, s, "r1")
		if !live || r.Acknowledged != 7 {
			t.Fatalf("%+v, %v", r, live)
		}
	}},
	{"from now", "A lease is counted from when Renew was called, by the State's clock.", func(t *testing.T, s state.State) {
		_, before, err := s.Replicas(within(t))
		if err != nil {
			t.Fatal(err)
		}
		renew(t, s, "r1", 0, time.Minute)
		_, after, err := s.Replicas(within(t))
		if err != nil {
			t.Fatal(err)
		}
		r, _ := replica(t, s, "r1")
		if r.Until.Before(before.Add(time.Minute).Truncate(time.Microsecond)) || r.Until.After(after.Add(time.Minute)) {
			t.Fatalf("%v is not a minute after %v to %v", r.Until, before, after)
		}
	}},
	{"acknowledged grows", "Acknowledged never gets smaller.", func(t *testing.T, s state.State) {
		renew(t, s, "r1", 7, time.Minute)
		renew(t, s, "r1", 3, time.Minute)
		if r, _ := replica(t, s, "r1"); r.Acknowledged != 7 {
			t.Fatalf("it is %d", r.Acknowledged)
		}
		renew(t, s, "r1", 8, time.Minute)
		if r, _ := replica(t, s, "r1"); r.Acknowledged != 8 {
			t.Fatalf("it is %d", r.Acknowledged)
		}
	}},
	{"a lease does not shrink", "A shorter lease leaves the longer one.", func(t *testing.T, s state.State) {
		renew(t, s, "r1", 0, time.Hour)
		long, _ := replica(t, s, "r1")
		renew(t, s, "r1", 0, time.Millisecond)
		if r, live := replica(t, s, "r1"); !live || !r.Until.Equal(long.Until) {
			t.Fatalf("%v became %v", long.Until, r.Until)
		}
	}},
	{"a lease ends", "A replica is not listed after its lease, and can come back.", func(t *testing.T, s state.State) {
		renew(t, s, "r1", 5, time.Millisecond)
		renew(t, s, "r2", 5, time.Hour)
		for _, live := replica(t, s, "r1"); live; _, live = replica(t, s, "r1") {
			if t.Context().Err() != nil {
				t.Fatal("it does not end")
			}
		}
		if _, live := replica(t, s, "r2"); !live {
			t.Fatal("another lease ended as well")
		}
		renew(t, s, "r1", 6, time.Minute)
		if r, live := replica(t, s, "r1"); !live || r.Acknowledged != 6 {
			t.Fatalf("%+v, %v", r, live)
		}
	}},
	{"leave", "A replica that has left is not listed; others are; leaving twice is no error.", func(t *testing.T, s state.State) {
		renew(t, s, "r1", 0, time.Hour)
		renew(t, s, "r2", 0, time.Hour)
		for range 2 {
			if err := s.Leave(within(t), "r1"); err != nil {
				t.Fatal(err)
			}
		}
		if _, live := replica(t, s, "r1"); live {
			t.Fatal("it is still there")
		}
		if _, live := replica(t, s, "r2"); !live {
			t.Fatal("another one is gone")
		}
		if err := s.Leave(within(t), "never seen"); err != nil {
			t.Fatal(err)
		}
	}},
	{"names apart", "Replicas whose names look alike are two.", func(t *testing.T, s state.State) {
		names := []string{"r", "R", "r ", "r'", "r\"", "r\u00e9", "re\u0301", strings.Repeat("r", state.MaxReplica)}
		for i, name := range names {
			renew(t, s, name, uint64(i), time.Hour)
		}
		for i, name := range names {
			if r, live := replica(t, s, name); !live || r.Acknowledged != uint64(i) {
				t.Fatalf("%q: %+v, %v", name, r, live)
			}
		}
	}},
	{"no replica", "What is no replica or no lease is refused.", func(t *testing.T, s state.State) {
		for _, name := range []string{"", strings.Repeat("r", state.MaxReplica+1), "a\x00b", "a\xff"} {
			refused(t, s.Renew(within(t), name, 0, time.Minute), state.ErrReplica)
		}
		for _, lease := range []time.Duration{0, -time.Second, state.MaxLease + 1} {
			refused(t, s.Renew(within(t), "r1", 0, lease), state.ErrReplica)
		}
		if live, _, err := s.Replicas(within(t)); err != nil || len(live) != 0 {
			t.Fatalf("%v, %v", live, err)
		}
	}},
	{"facts are apart", "Leases do not touch facts, nor facts leases.", func(t *testing.T, s state.State) {
		renew(t, s, "r1", 9, time.Hour)
		add(t, s, 0, "a", 1)
		if r, live := replica(t, s, "r1"); !live || r.Acknowledged != 9 {
			t.Fatalf("%+v, %v", r, live)
		}
		if n := len(all(t, s)); n != 1 {
			t.Fatalf("%d facts", n)
		}
	}},
}
