package review

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// maxState bounds a saved state, in bytes.
const maxState = 256 << 20

// engineState is an Engine as it is saved.
type engineState struct {
	Version int                        `json:"version"`
	Log     string                     `json:"log"`
	Next    uint64                     `json:"next"`
	Rules   map[string]json.RawMessage `json:"rules"`
}

// Save returns where the Engine is and what its rules remember, as JSON. It
// holds hashes of tokens and account ids: it is to be protected as the log is,
// for who can change it can make the rules forget.
func (e *Engine) Save() ([]byte, error) {
	if e.broken != nil {
		return nil, e.broken
	}
	s := engineState{Version: 1, Log: e.opts.Log, Next: e.next, Rules: map[string]json.RawMessage{}}
	for _, r := range e.rules {
		s.Rules[r.Name()] = json.RawMessage("null")
		if r, ok := r.(Stateful); ok {
			state, err := r.Save()
			if err != nil || !json.Valid(state) {
				return nil, fmt.Errorf("review: save: a rule gives no JSON: %w", errors.Join(ErrState, err))
			}
			s.Rules[r.(Rule).Name()] = state
		}
	}
	return json.Marshal(s)
}

// Restore goes on where Save was called. It must come before the first record.
// It returns [ErrState] for a state of another log, of other rules or one that
// was changed; the Engine is then not usable any more.
func (e *Engine) Restore(state []byte) error {
	if e.started || e.broken != nil {
		return fmt.Errorf("%w: the engine has begun", ErrState)
	}
	if err := e.restore(state); err != nil {
		e.broken = err
		return err
	}
	return nil
}

func (e *Engine) restore(state []byte) error {
	if len(state) > maxState {
		return fmt.Errorf("%w: too large", ErrState)
	}
	var s engineState
	if err := strict(state, &s); err != nil {
		return err
	}
	if s.Version != 1 || s.Log != e.opts.Log || len(s.Rules) != len(e.rules) {
		return fmt.Errorf("%w: of another version, log or set of rules", ErrState)
	}
	for _, r := range e.rules {
		saved, ok := s.Rules[r.Name()]
		stateful, has := r.(Stateful)
		if !ok || !has && string(saved) != "null" {
			return fmt.Errorf("%w: of another set of rules", ErrState)
		}
		if !has {
			continue
		}
		if err := stateful.Restore(saved); err != nil {
			return err
		}
	}
	e.next, e.started = s.Next, true
	return nil
}

// A Store keeps the state of an [Engine] over restarts. Load returns nil if
// nothing was stored; Store returns nil only once the state is durable and
// replaces the former one as a whole or not at all.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Store interface {
	Load(ctx context.Context) ([]byte, error)
	Store(ctx context.Context, state []byte) error
}

// A FileStore is a [Store] in the file of this name; only its owner may read
// it.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type FileStore string

// Load implements [Store].
func (s FileStore) Load(context.Context) ([]byte, error) {
	f, err := os.Open(string(s))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("review: state: %w", err)
	}
	defer f.Close()
	state, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return nil, fmt.Errorf("review: state: %w", err)
	}
	return state, nil
}

// Store implements [Store].
func (s FileStore) Store(_ context.Context, state []byte) error {
	dir := filepath.Dir(string(s))
	f, err := os.CreateTemp(dir, ".review-*")
	if err != nil {
		return fmt.Errorf("review: state: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(state)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), string(s))
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("review: state: %w", err)
	}
	return nil
}

// syncDir makes a rename durable. Systems that cannot sync a directory need
// not.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return err
	}
	return nil
}
