package disclosure

import (
	"errors"

	"github.com/safeguard-sdk/safeguard/audit"
)

func isUnknown(err error) bool { return errors.Is(err, ErrUnknown) }

// deeds puts the type of a record into words.
func deeds(kind string) string {
	switch kind {
	case audit.TypeCreated:
		return "entered"
	case audit.TypeRead:
		return "viewed"
	case audit.TypeUpdated:
		return "changed"
	case audit.TypeDeleted:
		return "deleted"
	case audit.TypeSearched:
		return "found in a search"
	case audit.TypeExported:
		return "exported"
	case audit.TypeDisclosed:
		return "disclosed to somebody outside"
	case audit.TypeReceived:
		return "received from outside"
	case audit.TypePrinted:
		return "printed"
	case audit.TypeDenied:
		return "tried to access, and was refused"
	}
	return "accessed"
}

// purposes puts a code of HL7's PurposeOfUse into words.
func purposes(code string) string {
	switch code {
	case "TREAT":
		return "treatment"
	case "HPAYMT":
		return "payment"
	case "HOPERAT":
		return "health care operations"
	case "HRESCH":
		return "research"
	case "PATRQT":
		return "at your request"
	case "PUBHLTH":
		return "public health"
	case "HMARKT":
		return "marketing"
	case "COVERAGE":
		return "insurance coverage"
	case "ETREAT", "ERTREAT":
		return "emergency treatment"
	case "BTG":
		return "emergency override"
	}
	return code
}
