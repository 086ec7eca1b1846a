package access

import (
	"bytes"
	"strings"
)

// word is a key that means something to a projection.
type word uint8

const (
	plainWord word = iota
	wordType       // resourceType
	wordMeta
	wordModifier // modifierExtension
	wordExtension
	wordContained
	wordText
	wordDiv
	wordDisplay
	wordDiagnostics
	wordData
	wordURL
	wordIdentifier
	wordSibling // any key that begins with '_'
)

// words are the meaningful keys by their length.
var words = [...][]struct {
	text string
	word word
}{
	3:  {{"div", wordDiv}, {"url", wordURL}},
	4:  {{"text", wordText}, {"meta", wordMeta}, {"data", wordData}},
	7:  {{"display", wordDisplay}},
	9:  {{"extension", wordExtension}, {"contained", wordContained}},
	10: {{"identifier", wordIdentifier}},
	11: {{"diagnostics", wordDiagnostics}},
	12: {{"resourceType", wordType}},
	17: {{"modifierExtension", wordModifier}},
}

// wordOf returns what a key means. Case does not count: a reader that is not
// exact about it, as encoding/json is not, would take one for the other.
func wordOf(key []byte) word {
	n := len(key)
	switch {
	case n == 0:
		return plainWord
	case key[0] == '_':
		return wordSibling
	case n >= len(words):
		return longWord(key)
	}
	for _, w := range words[n] {
		if key[0]|0x20 == w.text[0] && (string(key) == w.text || strings.EqualFold(string(key), w.text)) {
			return w.word
		}
	}
	return longWord(key)
}

// longWord finds the words written with the long s (U+017F), a byte more
// each: to encoding/json it is an s in another case. No policy lists them.
func longWord(key []byte) word {
	switch len(key) {
	case 8, 10, 12, 13, 18:
		if bytes.IndexByte(key, 0xc5) >= 0 {
			return wordSibling
		}
	}
	return plainWord
}

// exact reports whether a key that means w is written as it should be.
func (w word) exact(key []byte) bool {
	for _, known := range words[len(key)] {
		if known.word == w {
			return string(key) == known.text
		}
	}
	return true
}

// kind tells apart the few places where a key means something else.
type kind uint8

const (
	inner      kind = iota
	top             // the resource itself
	coding          // an object in which "display" is the text of a code
	samples         // an object in which "data" is a series of numbers
	attachment      // an object in which "url" leads to a document
	metadata        // the meta of the resource itself
)

// kindOf returns the kind of an object that stands behind a key.
func kindOf(key []byte) kind {
	switch string(key) {
	case "coding", "valueCoding":
		return coding
	case "valueSampledData":
		return samples
	case "attachment", "valueAttachment", "contentAttachment", "sourceAttachment", "photo", "presentedForm", "image",
		"content", "document":
		return attachment
	}
	return inner
}

// leaks reports whether FHIR repeats or hides other data behind a key with
// the meaning w, in an object of kind in. The value begins with first.
func leaks(w word, in kind, first byte) bool {
	switch w {
	case plainWord, wordMeta:
		return false
	case wordText:
		return in == top || first == '{' || first == '['
	case wordDisplay:
		return in != coding
	case wordData:
		return in != samples && first != '{'
	case wordURL:
		return in == attachment
	case wordIdentifier:
		return in != top
	}
	return true
}
