package coverage

import (
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// typeObservation is the type of the records in which package audit keeps
// what components report of themselves.
const typeObservation = "io.github.safeguard-sdk.audit.observation.v1"

// A Recorded is an observation that a running service committed to its log,
// with the record that holds it.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
type Recorded struct {
	safeguard.Observation
	// Record is the id of the record and Time when it was made.
	Record string
	Time   time.Time
}

// ReadRecords reads records of a service's audit log, each a CloudEvent in
// JSON on a line of its own, and returns the last observation of each
// component and statement, sorted by those. Records of other types are passed
// over; those of a component that could not report count for nothing.
//
// A line that is no such record, or an observation without component, id or
// time, is an error that wraps ErrRun. Whether the log is intact is not looked
// at: verify it before.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func ReadRecords(r io.Reader) ([]Recorded, error) {
	last := map[[2]string]Recorded{}
	err := eachLine(r, func(n int, line []byte) error {
		rec, ok, err := readRecord(n, line)
		key := [2]string{rec.Component, rec.Statement}
		if old, again := last[key]; ok && (!again || !rec.Time.Before(old.Time)) {
			last[key] = rec
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	list := make([]Recorded, 0, len(last))
	for _, rec := range last {
		list = append(list, rec)
	}
	slices.SortFunc(list, func(a, b Recorded) int {
		if c := strings.Compare(a.Component, b.Component); c != 0 {
			return c
		}
		return strings.Compare(a.Statement, b.Statement)
	})
	return list, nil
}

// record is the part of a CloudEvent that counts.
type record struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Type        string    `json:"type"`
	Time        time.Time `json:"time"`
	Data        struct {
		Component string              `json:"component"`
		Controls  []safeguard.Control `json:"controls"`
		Statement string              `json:"statement"`
		Settings  map[string]string   `json:"settings"`
		Counters  map[string]uint64   `json:"counters"`
		Since     time.Time           `json:"since"`
		Failed    bool                `json:"failed"`
	} `json:"data"`
}

// readRecord reads one line; the second result says whether it is an
// observation that counts.
func readRecord(n int, line []byte) (Recorded, bool, error) {
	var head struct {
		SpecVersion string `json:"specversion"`
		Type        string `json:"type"`
	}
	if err := json.Unmarshal(line, &head); err != nil || head.SpecVersion != "1.0" || head.Type == "" {
		return Recorded{}, false, lineError(n, "not a record of an audit log")
	}
	if head.Type != typeObservation {
		return Recorded{}, false, nil
	}
	var e record
	if err := json.Unmarshal(line, &e); err != nil || e.ID == "" || e.Time.IsZero() || e.Data.Component == "" {
		return Recorded{}, false, lineError(n, "an observation without component, id or time")
	}
	d := e.Data
	return Recorded{
		Observation: safeguard.Observation{
			Component: d.Component, Controls: d.Controls, Statement: d.Statement,
			Settings: d.Settings, Counters: d.Counters, Since: d.Since,
		},
		Record: e.ID,
		Time:   e.Time,
	}, !d.Failed, nil
}
