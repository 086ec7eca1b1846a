package ledger

import (
	"errors"
	"io/fs"
	"strconv"
	"strings"
)

// floorName is the file that says where the records begin after a pruning: one
// line, the index of the first record that is still there. It is no evidence:
// it is believed only if a later signed record of type audit.TypeLogPruned
// names the same index.
const floorName = "floor"

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
