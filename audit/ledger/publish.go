package ledger

import (
	"context"
	"errors"
	"io/fs"
)

// Publish brings the directory to up to the checkpoint of the ledger in dir, in
// the layout of C2SP tlog-tiles, so that anybody's software for such logs can
// verify it: tile/…, tile/entries/…, and the checkpoint last. It writes only
// what is not there yet.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func Publish(ctx context.Context, dir, to, verifierKey string) (Checkpoint, error) {
	return Checkpoint{}, errors.ErrUnsupported
}

// TileFS shows the ledger in dir in the layout of C2SP tlog-tiles without
// another copy of it, for http.FileServerFS.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TileFS(dir string) (fs.FS, error) { return nil, errors.ErrUnsupported }
