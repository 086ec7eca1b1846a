package breach

import "fmt"

// place is evidence with where it stands in the file.
type place struct {
	path string
	list []Evidence
}

func (f *File) places() []place {
	list := []place{{"discovery", f.Discovery.Evidence}}
	if f.Permitted != nil {
		list = append(list, place{"permitted", f.Permitted.Evidence})
	}
	for i := range f.Holdings {
		list = append(list, place{fmt.Sprintf("holdings[%d]", i), f.Holdings[i].Evidence})
	}
	if f.Exclusion != nil {
		list = append(list, place{"exclusion", f.Exclusion.Evidence})
	}
	if a := f.Assessment; a != nil {
		list = append(list, place{"assessment.nature", a.Nature.Evidence}, place{"assessment.recipient", a.Recipient.Evidence},
			place{"assessment.acquired", a.Acquired.Evidence}, place{"assessment.mitigation", a.Mitigation.Evidence})
		for i := range a.Other {
			list = append(list, place{fmt.Sprintf("assessment.other[%d]", i), a.Other[i].Evidence})
		}
	}
	for i := range f.Delays {
		list = append(list, place{fmt.Sprintf("delays[%d]", i), f.Delays[i].Evidence})
	}
	for i := range f.Notices {
		list = append(list, place{fmt.Sprintf("notices[%d]", i), f.Notices[i].Evidence})
	}
	return list
}

func (f *File) validEvidence() error {
	for _, p := range f.places() {
		for i := range p.list {
			if err := p.list[i].validate(fmt.Sprintf("%s.evidence[%d]", p.path, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Evidence) validate(path string) error {
	if blank(e.Ref) {
		return refuse(path+".ref", "empty")
	}
	if e.SHA256 != "" && !isHash(e.SHA256) {
		return refuse(path+".sha256", "not 64 hexadecimal digits in lower case")
	}
	for i, c := range e.Proves {
		if err := oneOf(fmt.Sprintf("%s.proves[%d]", path, i), c, ClaimEncrypted, ClaimKeysApart, ClaimKeysIntact, ClaimNotOpened, ClaimDestruction); err != nil {
			return err
		}
	}
	return validPeriod(path+".covers", e.Covers)
}

func isHash(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}
