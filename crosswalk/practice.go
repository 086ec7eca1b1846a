package crosswalk

import (
	"iter"

	"github.com/safeguard-sdk/safeguard"
)

// A Practice is what is good practice beyond a provision, and what the
// provision does not say, which people often think that it does. It is the
// view of this library's authors and of the publications they name; the rule
// asks for none of it.
//
// Controls: none, the rule as data.
type Practice struct {
	// Control is the provision.
	Control safeguard.Control
	// Silent is what the provision does not say.
	Silent string
	// Advice is the good practice.
	Advice string
	// Source names where the advice is from.
	Source string
}

// Practices yields what is good practice beyond one provision, nothing for
// most. A document shows it apart from what the rule says.
//
// Controls: none, the rule as data.
func Practices(id safeguard.Control) iter.Seq[Practice] {
	return func(yield func(Practice) bool) {
		for i := range practices {
			if practices[i].Control == id && !yield(practices[i]) {
				return
			}
		}
	}
}

// practices are in the order of the regulation.
var practices = [...]Practice{
	{safeguard.RiskAnalysis,
		"It names no method, scale or interval.",
		"Use a published method, once a year and whenever a system, vendor or threat changes.",
		"NIST SP 800-30 Rev. 1"},
	{safeguard.InformationSystemActivityReview,
		"It says regularly and names no interval.",
		"Review at an interval set by risk, alert in between, and record who reviewed what.",
		"NIST SP 800-92"},
	{safeguard.TerminationProcedures,
		"It names no deadline.",
		"End every session and right when employment ends, and keep proof of when it took effect.",
		"NIST SP 800-53 Rev. 5, PS-4"},
	{safeguard.AccessEstablishmentAndModification,
		"It names no interval of review.",
		"Have each user's rights confirmed every quarter, privileged ones more often.",
		"NIST SP 800-53 Rev. 5, AC-2"},
	{safeguard.SecurityAwarenessAndTraining,
		"It asks for a program and does not say annual training.",
		"Train before access is given, then yearly and after incidents.",
		"NIST SP 800-50 Rev. 1"},
	{safeguard.SecurityReminders,
		"It says periodic, not annual.",
		"Send short reminders every quarter.",
		"NIST SP 800-50 Rev. 1"},
	{safeguard.PasswordManagement,
		"It names no length, composition or expiry.",
		"15 characters where a password is the only factor and 8 beside another, checked against known breaches, with no change forced without cause.",
		"NIST SP 800-63B-4"},
	{safeguard.IncidentResponse,
		"It names no deadline; those of a breach are in 164.404 to 164.414.",
		"Keep one file per incident, with the time of each step.",
		"NIST SP 800-61"},
	{safeguard.DataBackupPlan,
		"It does not say how often, where or encrypted.",
		"Keep encrypted copies apart from the system, and restore one regularly to prove it.",
		"NIST SP 800-34 Rev. 1"},
	{safeguard.Evaluation,
		"It says periodic, not annual.",
		"Evaluate once a year and at every larger change.",
		"NIST SP 800-66 Rev. 2"},
	{safeguard.MediaReuse,
		"It names no way to erase.",
		"Destroy the key of encrypted media, or purge them, and keep the record.",
		"NIST SP 800-88"},
	{safeguard.AutomaticLogoff,
		"It names no time; 164.306(b) leaves it to the risk analysis.",
		"15 minutes without activity and 12 hours in all where the risk is high; at most 1 hour and 24 hours elsewhere.",
		"NIST SP 800-63B-4"},
	{safeguard.EncryptionAndDecryption,
		"It names no algorithm, key length or layer, and AES-256 is nowhere in the rule.",
		"Authenticated encryption such as AES-256-GCM with keys kept apart from the data. What is encrypted as HHS's guidance says is not unsecured in the sense of 164.402.",
		"NIST SP 800-38D and SP 800-111; 74 FR 19006"},
	{safeguard.AuditControls,
		"It names no event, no tamper evidence and no time to keep records; the six years of 164.316(b)(2)(i) are for required documentation.",
		"Record every access to ePHI so that alteration shows, and keep the records six years where they prove an action that has to be documented.",
		"NIST SP 800-92; SP 800-53 Rev. 5, AU-9 and AU-11"},
	{safeguard.MechanismToAuthenticateEPHI,
		"It names no mechanism.",
		"Authenticated encryption, signatures, or a hash tree whose head is kept elsewhere.",
		"NIST SP 800-53 Rev. 5, SI-7"},
	{safeguard.PersonOrEntityAuthentication,
		"It names no factor, and multi-factor authentication is only proposed.",
		"Two factors, one of them resistant to phishing, for every person who sees ePHI.",
		"NIST SP 800-63B-4"},
	{safeguard.TransmissionSecurity,
		"It names no protocol.",
		"TLS 1.3, with TLS 1.2 for peers that have nothing newer, on every connection that carries ePHI, internal ones too.",
		"NIST SP 800-52 Rev. 2"},
	{safeguard.TransmissionEncryption,
		"It says whenever deemed appropriate, and TLS 1.2 is nowhere in the rule.",
		"TLS 1.3, with TLS 1.2 for peers that have nothing newer.",
		"NIST SP 800-52 Rev. 2"},
	{safeguard.DocumentationTimeLimit,
		"Its six years are for the documentation that the rule requires, not for medical records or every log.",
		"Keep the audit records that prove an action as long as the document that says it is done; state law may ask for more.",
		"NIST SP 800-66 Rev. 2"},
}
