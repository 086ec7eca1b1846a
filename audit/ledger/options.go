package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Defaults and bounds of Options.
const (
	defaultInterval    = time.Second
	minInterval        = 10 * time.Millisecond
	maxInterval        = time.Hour
	defaultSegmentSize = 64 << 20
	minSegmentSize     = 4 << 10
	maxSegmentSize     = 1 << 30
	defaultRecordSize  = maxRecord
	defaultReserve     = 64 << 20
	minReserve         = 1 << 20
	maxReserve         = int64(1) << 40
	minRecordSize      = 4 << 10
	maxOrigin          = 255
)

// Options are the settings of [Open]. The zero value, like nil, is the safe
// choice in every field. A value out of bounds is an error, never changed.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Options struct {
	// Origin names the ledger in its checkpoints, once and for all, and is the
	// CloudEvents source of its own records. It must be unique among all of
	// yours, a URI reference without spaces and plus signs, 255 bytes at most,
	// for instance "clinic.example/charts/3". Default: what the directory
	// already has, or "safeguard-ledger/" and random letters for a new one.
	Origin string
	// CheckpointInterval is how often new records are signed, 10 ms to 1 h.
	// Records that are younger than that are durable, but not yet signed.
	// Default: 1 s.
	CheckpointInterval time.Duration
	// SegmentSize is the size in bytes at which a new file is started, 4 KiB
	// to 1 GiB. The file that is written to has that size from the start; the
	// others end where their records end. Default: 64 MiB.
	SegmentSize int64
	// MaxRecordSize is the most bytes of one record, 4 KiB to 65,535, which is
	// what an entry of C2SP tlog-tiles can hold. One call of Append takes 4 MiB
	// at most. Default: 65,535.
	MaxRecordSize int
	// Reserve is how many bytes of the disk are kept for the records of identified
	// callers, 1 MiB to 1 TiB: once less is free, [Ledger.Low] says so, and a
	// Recorder only counts what nobody in particular did. Default: 64 MiB.
	Reserve int64
	// UnsafeNetworkFileSystem accepts a directory on a network or user-space
	// file system, where a sync may promise less than it says and a lock may
	// not hold. Such file systems are recognised on Linux only.
	UnsafeNetworkFileSystem bool

	alone  bool // for a benchmark: wait for no callers
	always bool // for a test that counts calls: look before every batch
}

// complete checks o and fills in the defaults, except for Origin.
func (o *Options) complete() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.CheckpointInterval == 0 {
		c.CheckpointInterval = defaultInterval
	}
	if c.SegmentSize == 0 {
		c.SegmentSize = defaultSegmentSize
	}
	if c.MaxRecordSize == 0 {
		c.MaxRecordSize = defaultRecordSize
	}
	if c.Reserve == 0 {
		c.Reserve = defaultReserve
	}
	return c, c.check()
}

func (o *Options) check() error {
	switch {
	case o.CheckpointInterval < minInterval || o.CheckpointInterval > maxInterval:
		return fmt.Errorf("options: CheckpointInterval %v is not within %v and %v", o.CheckpointInterval, minInterval, maxInterval)
	case o.SegmentSize < minSegmentSize || o.SegmentSize > maxSegmentSize:
		return fmt.Errorf("options: SegmentSize %d is not within %d and %d", o.SegmentSize, minSegmentSize, maxSegmentSize)
	case o.MaxRecordSize < minRecordSize || o.MaxRecordSize > maxRecord:
		return fmt.Errorf("options: MaxRecordSize %d is not within %d and %d", o.MaxRecordSize, minRecordSize, maxRecord)
	case o.Reserve < minReserve || o.Reserve > maxReserve:
		return fmt.Errorf("options: Reserve %d is not within %d and %d", o.Reserve, minReserve, maxReserve)
	case o.Origin != "":
		return checkOrigin(o.Origin)
	}
	return nil
}

// checkOrigin refuses what cannot be a note's name and a CloudEvents source.
func checkOrigin(origin string) error {
	_, err := url.Parse(origin)
	if err != nil || len(origin) > maxOrigin || strings.ContainsAny(origin, " +") {
		return errors.New("options: Origin is not a URI reference of at most 255 bytes without spaces and plus signs")
	}
	return nil
}

// defaultOrigin makes up a name that no other ledger has, so that one cannot
// stand in for another even if they share a key.
func defaultOrigin() string { return "safeguard-ledger/" + rand.Text() }
