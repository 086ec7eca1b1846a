package evidence

import "github.com/safeguard-sdk/safeguard/crosswalk"

// technicalEntries are the requests about 164.312. Section, activity, designation and
// text are OCR's; the name, what answers and which policy belongs to it are
// this package's.
var technicalEntries = []entry{
	{section: "164.312(a)(1)", control: "164.312(a)(1)", activity: "Access Control", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "access-control-policy", kind: Policies, policy: "access-control", supports: []string{"access.policy", "access.matrix"},
			text: "Obtain and review policies and procedures related to access control. Evaluate the content relative to the specified performance criteria to determine if ePHI is only accessible to authorized persons or software programs."},
		{name: "access-control-implementation", kind: Implementation, answers: []string{"access.decisions", "access.policy", "access.matrix"}, supports: []string{"audit.routes", "access.routes"},
			text: "Obtain and review documentation demonstrating the implementation of access controls for electronic information systems that maintain ePHI. Evaluate and determine if the electronic information systems have the capacity to enable access controls; if access controls can be enabled, are the enabled access controls configured in accordance with the access control policies and procedures; and how are the electronic information systems' technical access capabilities defined (i.e., read-only, modify, full-access)."},
		{name: "new-workforce-members", kind: List, answers: []string{"access.grants"}, supports: []string{"access.newcomers"},
			text: "Obtain and review documentation demonstrating a list of new workforce members from the electronic information system who was granted access to ePHI."},
		{name: "access-levels-of-new-workforce", kind: Implementation, answers: []string{"access.grants"}, supports: []string{"access.matrix", "access.newcomers"},
			text: "Obtain and review documentation demonstrating the access levels granted to new workforce members. Evaluate and determine whether workforce members' access was approved; review the new workforce members’ technical access granted and compare it to approved user access to determine that technical access is approved and granted in accordance with the access authorization requirements."},
		{name: "privileged-users", kind: List, answers: []string{"access.accounts"},
			text: "Obtain and review documentation of a list of users with privileged access. Evaluate and determine whether the privileged access is appropriate based on the access control policies."},
		{name: "shared-and-service-accounts", kind: List, answers: []string{"access.accounts"}, supports: []string{"access.services"},
			text: "Obtain and review a list of default, generic/shared, and service accounts from the electronic information systems with access to ePHI."},
		{name: "access-levels-of-shared-and-service-accounts", kind: Implementation, answers: []string{"access.accounts"}, supports: []string{"access.services"},
			text: "Obtain and review documentation demonstrating the access levels granted to default, generic/shared, and service accounts. Evaluate and determine if the default, generic/shared, and service accounts are in use and that access has been approved and granted in accordance with the access authorization requirements."},
		{name: "periodic-access-reviews", kind: Implementation, answers: []string{"access.recertifications"},
			text: "Obtain and review documentation demonstrating that periodic reviews of procedures related to access controls have been conducted. Evaluate and determine whether reviews have been performed of user access levels and evaluate the content in relation to the specified performance criteria."},
		{name: "terminations-and-transfers", kind: List, answers: []string{"access.terminations"},
			text: "Obtain and review documentation demonstrating a list of terminations and job transfers."},
		{name: "removal-or-modification-of-access", kind: Implementation, answers: []string{"access.terminations"},
			text: "Obtain documentation demonstrating the removal or modification of user access levels. Evaluate and determine whether user access level removal or modification was approved and performed in accordance with the related policies and procedures."},
	}},
	{section: "164.312(a)(2)(i)", control: "164.312(a)(2)(i)", activity: "Access Control: Unique User Identification", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "unique-user-id-policy", kind: Policies, policy: "access-control",
			text: "Obtain and review policies and procedures regarding the assignment of unique user IDs. Evaluate the content of the policies and procedures in relation to the specified performance criteria to determine how user IDs are to be established and assigned."},
		{name: "use-of-unique-user-ids", kind: Implementation, answers: []string{"audit.principals"},
			text: "Obtain and review documentation demonstrating the assignment, creation, and use of unique user IDs in electronic information systems for user. Evaluate and determine if users are assigned a unique ID in accordance with the entity's policies and procedures for attributing new user IDs."},
	}},
	{section: "164.312(a)(2)(ii)", control: "164.312(a)(2)(ii)", activity: "Access Control: Emergency Access Procedure", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "emergency-access-procedure", kind: Policies, policy: "access-control",
			text: "Obtain and review procedures related to emergency access. Evaluate the content in relation to the specified criteria to determine if an emergency access procedure is in place for obtaining necessary ePHI during an emergency."},
		{name: "emergency-access-roster", kind: List, answers: []string{"access.emergency.roster"},
			text: "Obtain and review documentation demonstrating a list of workforce members with authority to initiate the emergency access procedures. Evaluate and determine if list of workforce members correlates with workforce members listed in the emergency access procedures."},
		{name: "emergency-access-limits", kind: Implementation, answers: []string{"access.emergency", "access.emergency.roster"}, supports: []string{"access.emergency.reviews", "access.policy"},
			text: "Obtain and review documentation demonstrating technical systems limiting emergency access initiation. Evaluate and determine whether technical systems have the capability to limit emergency access initiation to authorized workforce members only."},
	}},
	{section: "164.312(a)(2)(iii)", control: "164.312(a)(2)(iii)", activity: "Access Control: Automatic Logoff", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "automatic-logoff-policy", kind: Policies, policy: "access-control", supports: []string{"session.settings"},
			text: "Obtain and review policies and procedures regarding automatic logoff. Evaluate the content in relation to the specified criteria to determine whether it specifies that an electronic session is terminated after a predetermined time of inactivity."},
		{name: "automatic-logoff-settings", kind: Implementation, answers: []string{"session.expirations", "session.settings"},
			text: "Obtain and review documentation (e.g., screenshots, system settings, etc.) demonstrating the implementation of automatic logoff. Evaluate and determine if automatic logoff settings are implemented in accordance with related policies and procedures."},
	}},
	{section: "164.312(a)(2)(iv)", control: "164.312(a)(2)(iv)", activity: "Access Control: Encryption and Decryption", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "encryption-policy", kind: Policies, policy: "encryption", supports: []string{"crypto.settings", "crypto.keys"},
			text: "Obtain and review the policies and procedures regarding the encryption and decryption of ePHI. Evaluate the content relative to the specified criteria to determine that the implementation and use of encryption appropriately protects ePHI."},
		{name: "encryption-implementation", kind: Implementation, answers: []string{"crypto.opened", "crypto.settings", "crypto.keys", "crypto.fields"},
			text: "Obtain and review documentation demonstrating ePHI being encrypted and decrypted. Evaluate and determine if ePHI is encrypted and decrypted in accordance with related policies and procedures."},
	}},
	{section: "164.312(b)", control: "164.312(b)", activity: "Audit Controls", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "audit-controls-over-systems", kind: Implementation, answers: []string{"audit.routes", "audit.settings"}, supports: []string{"access.routes", "risk.assets"},
			text: "Obtain and review documentation relative to audit controls. Evaluate whether risk-based audit controls have been implemented over all electronic information systems that contain or use ePHI."},
		{name: "recording-and-examination-of-activity", kind: Implementation, answers: []string{"audit.records", "audit.reviews"}, supports: []string{"audit.settings", "audit.ledger"},
			text: "Obtain and review documentation demonstrating the implementation of hardware, software and/or procedural mechanisms to record and examine activity. Evaluate and determine whether information systems that contain or use ePHI activities are being recorded and examined; activities being recorded and examined appropriately and in accordance with related policies and procedures."},
	}},
	{section: "164.312(c)(1)", control: "164.312(c)(1)", activity: "Integrity", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "integrity-policy", kind: Policies, policy: "encryption",
			text: "Obtain and review policies and procedures regarding the implementation of integrity controls to protect ePHI. Evaluate if the implemented integrity controls appropriately protect the entity's ePHI from improper alteration or destruction."},
		{name: "protection-from-alteration", kind: Implementation, answers: []string{"audit.integrity", "crypto.settings"}, supports: []string{"audit.ledger"},
			text: "Obtain and review documentation demonstrating processes in place to protect ePHI from improper alteration or destruction. Evaluate and determine whether implementation of process in in accordance with related policies and procedures."},
		{name: "protection-from-alteration-by-policy", kind: Implementation, answers: []string{"audit.integrity", "crypto.settings"}, supports: []string{"audit.ledger", "crypto.drills"},
			text: "Obtain and review documentation demonstrating processes protecting ePHI from improper alteration or destruction. Evaluate and determine whether ePHI is properly protected from alteration or destruction; processes in place to protect ePHI correlates with safeguards identify in integrity control policies and procedures."},
	}},
	{section: "164.312(c)(2)", control: "164.312(c)(2)", activity: "Integrity: Mechanism to Authenticate ePHI", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "authentication-of-ephi-policy", kind: Policies, policy: "encryption",
			text: "Obtain and review policies and procedures for authenticating ePHI. Evaluate the content relative to the specified criteria to determine that electronic mechanisms are in place to authenticate ePHI."},
		{name: "authentication-of-ephi", kind: Implementation, answers: []string{"audit.integrity", "crypto.settings"}, supports: []string{"audit.ledger"},
			text: "Obtain and review documentation demonstrating that electronic mechanisms are implemented to authenticate ePHI. Evaluate the implemented mechanisms to determine that the implemented mechanisms would appropriately corroborate that ePHI has not been altered or destroyed in an unauthorized manner."},
	}},
	{section: "164.312(d)", control: "164.312(d)", activity: "Person or Entity Authentication", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "authentication-policy", kind: Policies, policy: "access-control",
			text: "Obtain and review policies and procedures regarding person or entity authentication. Evaluate if systems and applications requiring authentication have been identified and whether authentication procedures have been implemented for the systems and applications that require authentication."},
		{name: "authentication-implementation", kind: Implementation, answers: []string{"access.authentication", "session.settings"}, supports: []string{"audit.unauthenticated"},
			text: "Obtain and review documentation demonstrating the implementation of authentication procedures for persons or entities seeking access to ePHI. Evaluate and determine whether the implemented authentication procedures are sufficient to verify that the persons or entity seeking access to ePHI is the one claimed."},
	}},
	{section: "164.312(e)(1)", control: "164.312(e)(1)", activity: "Transmission", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "transmission-security-policy", kind: Policies, policy: "encryption", supports: []string{"tls.settings"},
			text: "Obtain and review policies and procedures related to transmission security controls. Evaluate content relative to the specified criteria to determine that the technical security controls implemented guards against unauthorized access to ePHI transmitted over electronic communication networks."},
		{name: "transmission-security-implementation", kind: Implementation, answers: []string{"tls.peers", "tls.settings"},
			text: "Obtain and review documentation demonstrating the implementation of technical security measures to protect electronic transmissions of ePHI. Evaluate the content in relation to the specified criteria to determine that the implemented technical security measures are sufficient to guard against unauthorized access to the electronically transmitted ePHI."},
	}},
	{section: "164.312(e)(2)(i)", control: "164.312(e)(2)(i)", activity: "Transmission Security: Integrity Controls", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "transmission-integrity-policy", kind: Policies, policy: "encryption", supports: []string{"tls.settings"},
			text: "Obtain and review policies and procedures related to transmission security measures. Evaluate content relative to the specified criteria to determine that the security measures are implemented to ensure that electronically transmitted ePHI cannot be improperly modified without detection."},
		{name: "transmission-integrity-implementation", kind: Implementation, answers: []string{"tls.peers", "tls.settings"},
			text: "Obtain and review documentation demonstrating the implementation of security measures to protect electronic transmissions of ePHI. Evaluate the content to determine if the implemented security measures ensure that electronically transmitted PHI cannot be improperly modified without detection."},
	}},
	{section: "164.312(e)(2)(ii)", control: "164.312(e)(2)(ii)", activity: "Transmission Security: Encryption", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "transmission-encryption-policy", kind: Policies, policy: "encryption", supports: []string{"tls.settings"},
			text: "Obtain and review policies and procedures regarding the encryption of electronically transmitted ePHI. Evaluate the content relative to the specified criteria to determine that the implementation and use of encryption appropriately secures electronically transmitted ePHI."},
		{name: "transmission-encryption-capability", kind: Implementation, answers: []string{"tls.settings"},
			text: "Obtain and review documentation demonstrating the encrypted mechanism is implemented to encrypt ePHI. Evaluate and determine whether encrypted mechanism has the capability to encrypt ePHI when it is deemed as appropriate."},
		{name: "encryption-of-transmissions", kind: Implementation, answers: []string{"tls.peers"},
			text: "Obtain and review documentation demonstrating that electronically transmitted ePHI is encrypted. Evaluate and determine if ePHI encrypted is appropriate and in accordance with related policies and procedures."},
	}},
}
