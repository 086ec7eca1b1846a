package sealsql

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxTable bounds a description, in bytes.
const maxTable = 1 << 20

// strict reads one JSON object into v. Unlike encoding/json alone it refuses
// keys that are there twice and keys in another case.
func strict(data []byte, v any) error {
	if len(data) > maxTable {
		return errors.New("sealsql: table: longer than 1 MiB")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := walk(d, 0); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("sealsql: table: something follows the description")
	}
	d = json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("sealsql: table: %w", err)
	}
	return nil
}

// walk reads one value and checks the keys of its objects.
func walk(d *json.Decoder, depth int) error {
	token, err := d.Token()
	if err != nil || depth > 8 {
		return errors.New("sealsql: table: not the JSON of a description")
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	for d.More() {
		if delim == '{' {
			if err := key(d, seen); err != nil {
				return err
			}
		}
		if err := walk(d, depth+1); err != nil {
			return err
		}
	}
	if _, err := d.Token(); err != nil {
		return errors.New("sealsql: table: not the JSON of a description")
	}
	return nil
}

// key reads the key of a member.
func key(d *json.Decoder, seen map[string]bool) error {
	token, err := d.Token()
	name, ok := token.(string)
	switch {
	case err != nil || !ok:
		return errors.New("sealsql: table: not the JSON of a description")
	case strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "": // encoding/json folds others to these
		return fmt.Errorf("sealsql: table: key %q is not in lower case", name)
	case seen[name]:
		return fmt.Errorf("sealsql: table: key %q is there twice", name)
	}
	seen[name] = true
	return nil
}
