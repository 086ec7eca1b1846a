package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// ErrReload is what a [Guard.Reload] returns an error of that left the old
// policy in force.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrReload = errors.New("access: reload: refused, and the old policy stays")

// A Change is what a new policy changes, or would have changed. It holds names
// of the two policies and no PHI.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Change struct {
	// Applied says that the new policy is in force. It is false if the
	// policy is the one that is in force already.
	Applied bool
	// Difference is what the new policy decides otherwise.
	Difference Difference
	// Mistakes are what Lint found in the new policy.
	Mistakes []Mistake
	// Failures are the tests in the new policy that came out otherwise.
	Failures []Failure
}

// Reload puts another policy in force, whole and at once. It refuses one of
// which a test fails or in which [Policy.Lint] finds an error, one without a
// resource or an action that a verified route is about, or a field that its Query
// looks at, and whatever [New] would refuse; then the old policy stays, and the error, which unwraps to
// [ErrReload], says why. The Change is filled in either way.
//
// No decision waits for it. A request that is under way was decided by the old
// policy; it is asked again before its answer leaves, and denied with
// [CodeChanged] if the change is about it: then the client asks once more. It is
// not if only roles that the caller does not have are changed, or tests.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func (g *Guard) Reload(policy *Policy) (Change, error) {
	if policy == nil || policy.hash == "" {
		return Change{}, fmt.Errorf("%w: the policy is missing; ParsePolicy makes one", ErrReload)
	}
	g.routesMu.Lock()
	defer g.routesMu.Unlock()
	old := g.current().policy
	if policy.hash == old.hash {
		return Change{Difference: Difference{Old: old.hash, New: old.hash}}, nil
	}
	c := Change{Difference: Diff(old, policy), Mistakes: policy.Lint(), Failures: policy.Test()}
	if err := errors.Join(c.fault(), g.uncovered(policy)); err != nil {
		return c, fmt.Errorf("%w: %w", ErrReload, err)
	}
	if err := g.swap(policy); err != nil {
		return c, fmt.Errorf("%w: %w", ErrReload, err)
	}
	c.Applied = true
	return c, nil
}

// fault says what in the new policy keeps it from being put in force.
func (c *Change) fault() error {
	var faults []error
	for _, f := range c.Failures {
		faults = append(faults, errors.New(f.String()))
	}
	for _, m := range c.Mistakes {
		if m.Severity == SeverityError {
			faults = append(faults, errors.New(m.String()))
		}
	}
	return errors.Join(faults...)
}

// uncovered says which verified routes policy knows nothing of. It is called
// under the lock of the routes.
func (g *Guard) uncovered(policy *Policy) error {
	var faults []error
	for _, routes := range g.routes {
		for _, r := range routes {
			if r.Public == "" && !policy.declares(r.Resource, r.Action) {
				faults = append(faults, fmt.Errorf("route %s: the policy declares no action %s on %s", quote(r.Pattern), quote(r.Action), quote(r.Resource)))
			} else if err := r.query.check(policy, r.Resource); err != nil {
				faults = append(faults, fmt.Errorf("route %s: %w", quote(r.Pattern), err))
			}
		}
	}
	return errors.Join(faults...)
}

// minWatch is the shortest interval of Watch.
const minWatch = 100 * time.Millisecond

// Watch looks at the file at path every interval, at least 100 ms, and reloads
// g when its content is another. Replace the file by a rename: half a policy is
// refused, but half a policy that is one would not be. What cannot be read or is
// refused leaves the old policy in force; report gets what came of each new
// content, and the error of a file that cannot be read, once until it is another.
// report may be nil and is called by Watch itself.
//
// Watch blocks until ctx is done and returns its error, or at once one that
// unwraps to [ErrOptions].
//
// Whoever can write the file decides who sees what: guard it like the program.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func Watch(ctx context.Context, path string, interval time.Duration, g *Guard, report func(Change, error)) error {
	if g == nil || path == "" || interval < minWatch {
		return fmt.Errorf("%w: Watch needs a Guard, a path and an interval of at least %v", ErrOptions, minWatch)
	}
	if report == nil {
		report = func(Change, error) {}
	}
	w := watch{path: path, guard: g, seen: g.current().policy.hash, report: report}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		w.look()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// watch is what Watch knows of its file.
type watch struct {
	path   string
	guard  *Guard
	seen   string // hash of the content that was last tried, or the text of an error
	report func(Change, error)
}

// look reloads if the file has another content than the last time.
func (w *watch) look() {
	src, err := readPolicy(w.path)
	if err != nil {
		if text := err.Error(); text != w.seen {
			w.seen = text
			w.report(Change{}, fmt.Errorf("%w: %w", ErrReload, err))
		}
		return
	}
	sum := sha256.Sum256(src)
	hash := "sha256:" + hex.EncodeToString(sum[:])
	if hash == w.seen {
		return
	}
	w.seen = hash
	policy, err := ParsePolicy(src)
	if err != nil {
		w.report(Change{}, fmt.Errorf("%w: %w", ErrReload, err))
		return
	}
	w.report(w.guard.Reload(policy))
}

// readPolicy reads a file of bounded size.
func readPolicy(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("access: policy: not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxPolicy+1))
	if err != nil {
		return nil, err
	}
	if len(src) > maxPolicy {
		return nil, errors.New("access: policy: the file is too long")
	}
	return src, nil
}
