package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// floorName is the file that says where the records begin after a pruning: one
// line, the index of the first record that is still there. It is no evidence:
// it is believed only if a later signed record of type prunedType, whose source
// is this ledger, says that records up to there, or further, were pruned.
const floorName = "floor"

// prunedType is audit.TypeLogPruned. The member "floor" of its data is the
// index of the first record that the pruning left.
const prunedType = "io.github.safeguard-sdk.audit.log.pruned.v1"

// prunedTo returns the floor of the ledger called origin that a record speaks
// of, 0 if it speaks of none: the account of another one, which a relay may have
// brought, says nothing of this.
func prunedTo(record []byte, origin string) uint64 {
	if !bytes.Contains(record, []byte(prunedType)) {
		return 0
	}
	var e struct {
		Type   string `json:"type"`
		Source string `json:"source"`
		Data   struct {
			Floor uint64 `json:"floor"`
		} `json:"data"`
	}
	if json.Unmarshal(record, &e) != nil || e.Type != prunedType || e.Source != origin {
		return 0
	}
	return e.Data.Floor
}

// maxFloor bounds the file, in bytes.
const maxFloor = 32

// readFloor returns the index of the first record that is there, 0 if nothing
// was pruned.
func readFloor(fsys fileSystem) (uint64, error) {
	p, err := readSmall(fsys, floorName, maxFloor)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	line, ended := strings.CutSuffix(string(p), "\n")
	floor, err := strconv.ParseUint(line, 10, 63)
	if err != nil || !ended || floor == 0 || strconv.FormatUint(floor, 10) != line {
		return 0, &DamageError{Segment: floorName, Reason: "it is not the index of a record"}
	}
	return floor, nil
}

// writeFloor makes floor the index of the first record, atomically and durably.
// It comes before the segments that lie before it are removed.
func writeFloor(fsys fileSystem, floor uint64) error {
	return writeAtomic(fsys, floorName, []byte(strconv.FormatUint(floor, 10)+"\n"))
}
