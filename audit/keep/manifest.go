package keep

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Names and limits of an export.
const (
	manifestName   = "manifest.json"
	manifestFormat = "io.github.safeguard-sdk.ledger-export.v1"
	checkpointName = "checkpoint"
	leavesName     = "leaves"
	floorName      = "floor"
	maxManifest    = 64 << 20
	maxFiles       = 1 << 18
	maxSegmentFile = 2 << 30
)

// A Manifest lists the files of an export. It is not signed: the checkpoint in
// it is, and [Restore] believes nothing that this does not bear out.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type Manifest struct {
	// Format names this form.
	Format string `json:"format"`
	// Checkpoint is the signed note that covers what was exported.
	Checkpoint string `json:"checkpoint"`
	// Floor is the first record that the ledger had then; First and End bound
	// the records in this export, End excluded.
	Floor uint64 `json:"floor"`
	First uint64 `json:"first"`
	End   uint64 `json:"end"`
	// Files are in the order in which they are exported.
	Files []ExportedFile `json:"files"`
}

// An ExportedFile is one file of an export.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type ExportedFile struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Bytes is how much all files take.
func (m Manifest) Bytes() (n int64) {
	for _, f := range m.Files {
		n += f.Bytes
	}
	return n
}

func (m Manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", " ")
	return append(b, '\n'), err
}

var segmentForm = regexp.MustCompile(`^[0-9]{20}\.seg$`)

// segmentFirst reads the name of a segment.
func segmentFirst(name string) (uint64, bool) {
	if !segmentForm.MatchString(name) {
		return 0, false
	}
	first, err := strconv.ParseUint(strings.TrimSuffix(name, ".seg"), 10, 64)
	return first, err == nil
}

// readManifest reads a manifest strictly. verifierKey must have signed its
// checkpoint.
func readManifest(from io.Reader, verifierKey string) (Manifest, ledger.Checkpoint, error) {
	none := ledger.Checkpoint{}
	p, err := io.ReadAll(io.LimitReader(from, maxManifest+1))
	if err != nil {
		return Manifest{}, none, err
	}
	if len(p) > maxManifest {
		return Manifest{}, none, errors.New("the manifest is too long")
	}
	var m Manifest
	d := json.NewDecoder(bytes.NewReader(p))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil || d.More() {
		return Manifest{}, none, errors.New("the manifest is not readable")
	}
	c, err := ledger.ParseCheckpoint([]byte(m.Checkpoint), verifierKey)
	if err != nil {
		return Manifest{}, none, err
	}
	return m, c, m.check(c)
}

// check refuses a manifest that no export writes.
func (m Manifest) check(c ledger.Checkpoint) error {
	if m.Format != manifestFormat || len(m.Files) > maxFiles || m.First > m.End || m.First < m.Floor {
		return errors.New("the manifest is not one of this version, or contradicts itself")
	}
	seen := map[string]bool{}
	for _, f := range m.Files {
		sum, err := hex.DecodeString(f.SHA256)
		if err != nil || len(sum) != 32 || hex.EncodeToString(sum) != f.SHA256 || seen[f.Name] {
			return errors.New("the manifest has a file twice or without a hash")
		}
		seen[f.Name] = true
		if !m.plausible(f, c) {
			return fmt.Errorf("the manifest has a file that no ledger has, or one of a size that it cannot have: %.64q", f.Name)
		}
	}
	if !seen[checkpointName] || !seen[leavesName] {
		return errors.New("the manifest lacks a file that every ledger has")
	}
	return nil
}

// plausible judges name and size.
func (m Manifest) plausible(f ExportedFile, c ledger.Checkpoint) bool {
	switch f.Name {
	case checkpointName:
		return f.Bytes == int64(len(m.Checkpoint))
	case leavesName:
		return f.Bytes >= 0 && uint64(f.Bytes) == c.Size*32
	case floorName:
		return f.Bytes > 0 && f.Bytes <= 32
	}
	first, ok := segmentFirst(f.Name)
	return ok && first >= m.First && first <= m.End && f.Bytes > 0 && f.Bytes <= maxSegmentFile
}

// openFile opens a regular file in root.
func openFile(root *os.Root, name string) (*os.File, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	return root.Open(name)
}
