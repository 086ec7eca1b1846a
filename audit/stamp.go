package audit

import "time"

// stamped is how every record begins that this package renders: the place in
// the order of the log and the time at which it took it, both of fixed width,
// so that the log can fill them in without a copy.
const stamped = `{"specversion":"1.0","sequence":"00000000000000000000","recordedtime":"0001-01-01T00:00:00.000000000Z",`

// Where the two stand in it.
const (
	sequenceAt = len(`{"specversion":"1.0","sequence":"`)
	sequenceN  = 20
	recordedAt = sequenceAt + sequenceN + len(`","recordedtime":"`)
	recordedN  = len("0001-01-01T00:00:00.000000000Z")
)

// Stamp writes sequence and now into record, in place and without an
// allocation: the place of the record in the order of its log, and when it got
// it (CloudEvents extensions "sequence" and "recordedtime"). A Log stamps its
// own copy of a record, before anything is computed over it. now must not go
// backwards from one record to the next.
//
// It returns false, and changes nothing, if record does not begin as the
// records of this package do, or if the year of now has not four digits.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func Stamp(record []byte, sequence uint64, now time.Time) bool {
	now = now.UTC()
	year, month, day := now.Date()
	if !stampable(record) || year < 1 || year > 9999 {
		return false
	}
	digits(record[sequenceAt:sequenceAt+sequenceN], sequence)
	t := record[recordedAt : recordedAt+recordedN]
	hour, minute, second := now.Clock()
	digits(t[0:4], uint64(year))
	digits(t[5:7], uint64(month))
	digits(t[8:10], uint64(day))
	digits(t[11:13], uint64(hour))
	digits(t[14:16], uint64(minute))
	digits(t[17:19], uint64(second))
	digits(t[20:29], uint64(now.Nanosecond()))
	return true
}

// stampable reports whether record begins like stamped, whatever its digits.
func stampable(record []byte) bool {
	if len(record) < len(stamped) {
		return false
	}
	for i := range len(stamped) {
		c := record[i]
		digit := stamped[i] >= '0' && stamped[i] <= '9' && i >= sequenceAt
		if digit && (c < '0' || c > '9') || !digit && c != stamped[i] {
			return false
		}
	}
	return true
}

// digits fills dst with the decimal digits of n, leading zeros included.
func digits(dst []byte, n uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + n%10)
		n /= 10
	}
}
