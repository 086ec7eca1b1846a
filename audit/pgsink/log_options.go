package pgsink

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Defaults and bounds of LogOptions.
const (
	defaultInterval = time.Second
	minInterval     = 10 * time.Millisecond
	maxInterval     = time.Hour
	defaultCommit   = 10 * time.Second
	maxCommit       = 5 * time.Minute
	maxRecord       = 65_535
	maxBody         = 4 << 20
	maxGroup        = 4096
	maxName         = 255
)

// LogOptions are the settings of [OpenLog]. The zero value, like nil, is the
// safe choice in every field. A value out of bounds is an error, never changed.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type LogOptions struct {
	// CheckpointInterval is how often new records are signed, 10 ms to 1 h.
	// Default: 1 s.
	CheckpointInterval time.Duration
	// CommitTimeout is how long the server may take for one commit before the
	// connection is given up and the outcome is looked up over another one, at
	// most 5 min. Callers of Append wait as long as their context says, no
	// longer. Default: 10 s.
	CommitTimeout time.Duration
	// UnsafeServer accepts a server with fsync or full_page_writes off and an
	// unlogged table: a crash of it loses records that were acknowledged.
	UnsafeServer bool
}

// complete checks o and fills in the defaults.
func (o *LogOptions) complete() (LogOptions, error) {
	var c LogOptions
	if o != nil {
		c = *o
	}
	if c.CheckpointInterval == 0 {
		c.CheckpointInterval = defaultInterval
	}
	if c.CommitTimeout == 0 {
		c.CommitTimeout = defaultCommit
	}
	switch {
	case c.CheckpointInterval < minInterval || c.CheckpointInterval > maxInterval:
		return c, fmt.Errorf("pgsink: options: CheckpointInterval is not within %v and %v", minInterval, maxInterval)
	case c.CommitTimeout < time.Millisecond || c.CommitTimeout > maxCommit:
		return c, fmt.Errorf("pgsink: options: CommitTimeout is not within 1ms and %v", maxCommit)
	}
	return c, nil
}

// checkName refuses what cannot be a note's name and a CloudEvents source.
func checkName(name string) error {
	_, err := url.Parse(name)
	if err != nil || name == "" || len(name) > maxName || strings.ContainsAny(name, " +") {
		return errors.New("pgsink: the name of a log is a URI reference of 1 to 255 bytes without spaces and plus signs")
	}
	return nil
}
