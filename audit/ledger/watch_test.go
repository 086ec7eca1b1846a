package ledger

import (
	"crypto"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A hungSigner does not answer until it is let go, but for the first time.
type hungSigner struct {
	crypto.Signer
	calls  int
	hangs  chan struct{} // closed when it hangs
	resume chan struct{}
}

func (s *hungSigner) Sign(r io.Reader, msg []byte, o crypto.SignerOpts) ([]byte, error) {
	if s.calls++; s.calls == 3 { // the first two are of Open
		close(s.hangs)
		<-s.resume
	}
	return s.Signer.Sign(r, msg, o)
}

// A key service that hangs holds up neither records nor the look after the
// files and the room on the disk.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestHungSigner(t *testing.T) {
	for _, name := range []string{segmentName(0), leavesName} {
		synctest.Test(t, func(t *testing.T) {
			m := newMemFS()
			s := &hungSigner{Signer: testKey(1), hangs: make(chan struct{}), resume: make(chan struct{})}
			l, err := open(m, s, &Options{Origin: quiet().Origin, SegmentSize: minSegmentSize})
			require.NoError(t, err)
			appendRange(t, l, 0, 3)
			<-s.hangs
			appendRange(t, l, 3, 6)
			m.mu.Lock()
			m.free = 0
			m.mu.Unlock()
			time.Sleep(watchInterval)
			synctest.Wait()
			require.True(t, l.Low())
			require.NoError(t, l.failed())
			require.NoError(t, m.Remove(name))
			time.Sleep(watchInterval)
			synctest.Wait()
			require.ErrorIs(t, l.failed(), ErrDamaged)
			close(s.resume)
			require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
		})
	}
}

// The segment that is written to is gone: it is noticed by the batches
// themselves, long before the watch looks.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestBatchesLookAfterTheirSegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		l := mustOpen(t, m)
		appendRange(t, l, 0, 3)
		require.NoError(t, m.Remove(segmentName(0)))
		time.Sleep(lookInterval)
		require.ErrorIs(t, l.Append(t.Context(), record(3)), ErrDamaged)
		require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
	})
}

// However short the time is since the last look, a segment that is gone is not
// left for the next one.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestLastLookAtASegment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemFS()
		l := mustOpen(t, m)
		appendRange(t, l, 0, 3)
		require.NoError(t, m.Remove(segmentName(0)))
		large := make([]byte, minSegmentSize)
		require.ErrorIs(t, l.Append(t.Context(), large), ErrDamaged)
		require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
	})
}
