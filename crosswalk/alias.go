package crosswalk

import (
	"strings"

	"github.com/safeguard-sdk/safeguard"
)

// ParseAlias returns the provision that s names in one of the spellings that
// other sources are known to use, besides that of [ParseID]:
//
//	45 CFR 164.312(a)(2)(iii)    "45 CFR §", "§" and "§ " too
//	hipaa-164.312-a-2-iii        an OSCAL token, see Token
//	164_312_a_2_iii              lower case throughout, as prowler has it
//	164.312.a.2.III              roman numerals in capitals, as Wazuh has it
//	164.308(b)(4)                numbers that the regulation lost or never had,
//	                             and NIST's CPRT keeps
//
// It is for reading other tools' files; what this library's own files say is
// for ParseID. Everything else is an [*IDError], also the paragraph that
// stands for a standard with its specifications, which [Expand] reads.
//
// Controls: none, the rule as data.
func ParseAlias(s string) (safeguard.Control, error) {
	if id, ok := cprt(s); ok {
		return id, nil
	}
	plain := s
	for _, prefix := range []string{"45 CFR § ", "45 CFR §", "45 CFR ", "§ ", "§"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			plain = rest
			break
		}
	}
	if r, ok := Get(safeguard.Control(plain)); ok {
		return r.ID, nil
	}
	if len(s) <= maxID {
		for i := range requirements {
			if id := requirements[i].ID; s == Token(id) || s == underscored(id) || s == dotted(id) {
				return id, nil
			}
		}
	}
	return "", refuse(s)
}

// cprt reads ids of NIST's CPRT that the regulation does not have.
func cprt(s string) (safeguard.Control, bool) {
	switch s {
	case "164.308(b)(4)":
		return safeguard.WrittenContract, true
	case "164.314(a)(3)(i)", "164.314(a)(2)(i).2":
		return safeguard.BusinessAssociateContracts, true
	}
	return "", false
}

// Token returns an id in the form of an OSCAL token, for instance
// "hipaa-164.312-a-2-iii". It keeps the case, which tells (a) from (A); no two
// ids share one, and [ParseAlias] reads it back.
//
// Controls: none, the rule as data.
func Token(id safeguard.Control) string {
	return "hipaa-" + strings.NewReplacer(")(", "-", "(", "-", ")", "").Replace(string(id))
}

func underscored(id safeguard.Control) string {
	return strings.ToLower(strings.NewReplacer(".", "_", ")(", "_", "(", "_", ")", "").Replace(string(id)))
}

// dotted puts the third level of paragraphs, roman numerals, in capitals.
func dotted(id safeguard.Control) string {
	parts := strings.Split(strings.NewReplacer(")(", " ", "(", " ", ")", "").Replace(string(id)), " ")
	if len(parts) > 3 {
		parts[3] = strings.ToUpper(parts[3])
	}
	return strings.Join(parts, ".")
}
