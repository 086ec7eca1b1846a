// Package strictjson reads the files of package crosswalk's children: one JSON
// value into a plain Go struct, refusing everything that the struct does not
// say, with the line and column where it stands.
//
// It refuses unknown, repeated and differently cased fields (and names the
// nearest one), null, values of another type, text after the value, invalid
// UTF-8, citations that name no provision (and names the nearest one), and
// more than 8 MiB or 32 levels. encoding/json alone accepts most of these in
// silence.
//
// It knows strings, booleans, integers, structs, pointers to them, slices,
// maps with string keys, encoding.TextUnmarshaler and json.Unmarshaler.
// Embedded structs and interfaces are not among them. An empty array or object
// becomes a nil slice or map.
//
// Controls: none, it reads files.
package strictjson
