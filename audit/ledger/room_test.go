package ledger

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// failing makes every call of one kind fail until the function that it returns
// is called.
func (m *memFS) failing(call string, cause error) (stop func()) {
	set := func(fault func(string, int) error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.fault = fault
	}
	set(func(c string, _ int) error {
		if c == call {
			return cause
		}
		return nil
	})
	return func() { set(nil) }
}

// Where there is no room, or no file can be opened, before anything was synced,
// records are refused; when there is room again they are taken, and nothing
// that was refused appears.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestNoRoomRefusesAndRecovers(t *testing.T) {
	for _, call := range []string{"write", "create", "open", "allocate", "rename"} {
		for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG, syscall.EMFILE, syscall.ENFILE} {
			m := newMemFS()
			l := mustOpen(t, m)
			appendRange(t, l, 0, 10)
			stop := m.failing(call, cause)
			acked, refused := 10, 0
			for refused < 3 && acked < 60 {
				err := l.Append(t.Context(), record(acked), record(acked+1))
				if err == nil {
					acked += 2
					continue
				}
				require.ErrorIs(t, err, cause)
				require.NotErrorIs(t, err, ErrPoisoned)
				refused++
			}
			require.True(t, l.Low(), "%s: %v", call, cause)
			if call != "allocate" { // without it a segment grows as it is written
				require.Equal(t, 3, refused, "%s: %v", call, cause)
			}
			checkKept(t, m.powerCut(m.durable, synced).unlocked(), acked)
			stop()
			appendRange(t, l, acked, 80)
			records, own := contents(t, l)
			require.Len(t, records, 80)
			require.Empty(t, own)
			require.NoError(t, l.Close(t.Context()))
			checkKept(t, m, 80)
		}
	}
}

// unlocked is m, for the next process.
func (m *memFS) unlocked() *memFS {
	m.locked = false
	return m
}

// A failed sync is never taken for want of room, whatever the system calls it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFailedSyncIsNotRetried(t *testing.T) {
	for _, cause := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EIO} {
		m := newMemFS()
		l := mustOpen(t, m)
		appendRange(t, l, 0, 3)
		stop := m.failing("sync", cause)
		require.ErrorIs(t, l.Append(t.Context(), record(3)), ErrPoisoned)
		stop()
		require.ErrorIs(t, l.Append(t.Context(), record(4)), ErrPoisoned)
		require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
	}
	require.False(t, noRoom(hard(syscall.ENOSPC)))
	require.False(t, noRoom(errors.Join(syscall.ENOSPC, hard(errPower))))
	require.NoError(t, hard(nil))
}

// The signer's files find no room: the records are taken, and signed later.
//
// Controls: HIPAA 164.312(b), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestNoRoomForACheckpoint(t *testing.T) {
	for _, call := range []string{"create", "write"} {
		m := newMemFS()
		l := mustOpen(t, m)
		appendRange(t, l, 0, 3)
		stop := m.failing(call, syscall.ENOSPC)
		require.ErrorIs(t, l.sign(false), syscall.ENOSPC)
		require.ErrorIs(t, l.sign(false), syscall.ENOSPC)
		stop()
		require.NoError(t, l.sign(false))
		require.EqualValues(t, 3, l.Checkpoint().Size)
		require.NoError(t, l.Close(t.Context()))
		require.True(t, mustVerify(t, m, l.VerifierKey()).OK)
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		l := mustOpen(t, m)
		require.False(t, l.Low())
		set := func(free uint64, err error) {
			m.mu.Lock()
			m.free, m.freeErr = free, err
			m.mu.Unlock()
			time.Sleep(watchInterval)
			synctest.Wait()
		}
		set(defaultReserve-1, nil)
		require.True(t, l.Low())
		require.NoError(t, l.Append(t.Context(), record(0)), "what is left is for those who are identified")
		set(defaultReserve, nil)
		require.False(t, l.Low())
		set(1<<40, errPower)
		require.True(t, l.Low(), "unknown is not enough")
		require.NoError(t, l.Close(t.Context()))
	})
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFreeIsKnown(t *testing.T) {
	d, err := openDir(t.TempDir())
	require.NoError(t, err)
	defer d.Close()
	free, err := d.Free()
	require.NoError(t, err)
	require.Positive(t, free)
}

// Who waits is woken by the record that was waited for, and by the end.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		l := mustOpen(t, m)
		appendRange(t, l, 0, 2)
		require.NoError(t, l.Wait(t.Context(), 1))
		woken := make(chan error, 3)
		for _, size := range []uint64{2, 3, 100} {
			go func() { woken <- l.Wait(context.Background(), size) }()
		}
		synctest.Wait()
		require.Empty(t, woken)
		appendRange(t, l, 2, 3)
		require.NoError(t, <-woken)
		synctest.Wait()
		require.Empty(t, woken, "only the one")
		appendRange(t, l, 3, 4)
		require.NoError(t, <-woken)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Wait(ctx, 50), context.DeadlineExceeded)
		require.NoError(t, l.Close(t.Context()))
		require.ErrorIs(t, <-woken, ErrClosed)
		require.ErrorIs(t, l.Wait(t.Context(), 4), ErrClosed)
		require.NoError(t, l.Wait(t.Context(), 3))
	})
	m := newMemFS()
	l := mustOpen(t, m)
	defer m.failing("sync", syscall.EIO)()
	woken := make(chan error, 1)
	go func() { woken <- l.Wait(context.Background(), 0) }()
	require.ErrorIs(t, l.Append(t.Context(), record(0)), ErrPoisoned)
	require.ErrorIs(t, <-woken, ErrPoisoned)
	require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
}

// A record of package audit is stored with its place and the time of its
// commit, which never goes backwards, even if the clock does.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRecordsAreStamped(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	mine := account(t, 7)
	kept := append([]byte(nil), mine...)
	require.NoError(t, l.Append(t.Context(), record(0), mine))
	require.Equal(t, kept, mine, "the caller's slice is not written to")
	l.recorded = l.recorded.Add(time.Hour)
	require.NoError(t, l.Append(t.Context(), mine))
	require.NoError(t, l.Close(t.Context()))
	l = mustOpen(t, m)
	require.NoError(t, l.Append(t.Context(), mine))
	records, _ := contents(t, l)
	require.Equal(t, record(0), records[0])
	times := ""
	for i, r := range records[1:] {
		const at = len(`{"specversion":"1.0","sequence":"`)
		require.Equal(t, "0000000000000000000"+string(rune('1'+i)), string(r[at:at+20]))
		recorded := string(r[at+20+len(`","recordedtime":"`):][:30])
		require.GreaterOrEqual(t, recorded, times)
		times = recorded
	}
	require.NoError(t, l.Close(t.Context()))
}

// A wait in vain is not repeated each time, and one caller never waits.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestGathering(t *testing.T) {
	var g gathering
	for range 10 {
		g.learn(0, 4)
	}
	require.Equal(t, maxPenalty, g.skip)
	g.learn(2, 4)
	require.Zero(t, g.penalty)

	l := mustOpen(t, newMemFS())
	defer l.Close(context.Background())
	appendRange(t, l, 0, 50)
	require.Zero(t, l.counters.gathers.Load())
}

// Nobody appends and nothing is due to be signed for an hour: a file that is
// gone, exchanged or cut is noticed within a second all the same.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestNoticedWithinASecond(t *testing.T) {
	for what, attack := range map[string]func(m *memFS, name string){
		"removed":  func(m *memFS, name string) { delete(m.names, name) },
		"replaced": func(m *memFS, name string) { m.put(name, m.names[name].data) },
		"cut":      func(m *memFS, name string) { m.names[name].data = m.names[name].data[:len(m.names[name].data)-1] },
		"extended": func(m *memFS, name string) { m.names[name].data = append(m.names[name].data, 1) },
	} {
		for _, name := range []string{segmentName(0), leavesName} {
			synctest.Test(t, func(t *testing.T) {
				m := newMemFS()
				l := mustOpen(t, m)
				appendRange(t, l, 0, 3)
				require.NoError(t, l.sign(false))
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				require.NoError(t, l.failed())
				m.mu.Lock()
				attack(m, name)
				m.mu.Unlock()
				time.Sleep(time.Second)
				synctest.Wait()
				require.ErrorIs(t, l.failed(), ErrDamaged, "%s %s", name, what)
				require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
			})
		}
	}
}
