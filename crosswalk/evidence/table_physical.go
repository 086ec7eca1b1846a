package evidence

import "github.com/safeguard-sdk/safeguard/crosswalk"

// physicalEntries are the requests about 164.310. Section, activity, designation and
// text are OCR's; the name, what answers and which policy belongs to it are
// this package's.
var physicalEntries = []entry{
	{section: "164.310(a)(1)", control: "164.310(a)(1)", activity: "Facility Access Controls", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "facility-access-policy", kind: Policies,
			text: "Obtain and review policies and procedures regarding facility access control. Evaluate the content in relation to the relevant specified performance criteria regarding physical access to electronic information systems and use of facilities and equipment that house ePHI."},
		{name: "facility-access-list", kind: Implementation, answers: []string{"facility.access"},
			text: "Obtain and review documentation of workforce members with authorized physical access to electronic information systems and the facility or facilities in which they are housed. Evaluate and determine if authorized workforce members are listed in areas where electronic information system resides; listed authorized members have been approved by appropriate management; list of authorized workforce members are reviewed on a continuous basis; and removed when access is no longer required."},
		{name: "facility-access-procedures", kind: Policies,
			text: "Obtain and review documentation of procedures for granting individuals access to entity facility or facilities where electronic information systems are housed. Evaluate and determine if physical access authorization is enforced at entry/exit points of the facility; individual access authorization is verified before granted access to facility; and physical access audit logs of entry/exit points are maintained and reviewed on continuous basis."},
		{name: "visitor-access", kind: Implementation, answers: []string{"facility.visits"},
			text: "Obtain and review documentation of visitor physical access to electronic information systems and the facility or facilities where it is housed. Evaluate and determine if visitors are supervised in locations where electronic information resides and if activities are documented and monitored."},
	}},
	{section: "164.310(a)(2)(i)", control: "164.310(a)(2)(i)", activity: "Facility Access Controls: Contingency Operations", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "contingency-facility-access-procedures", kind: Policies, policy: "contingency",
			text: "Obtain and review contingency operations procedures. Evaluate the content in relation to the specified performance criteria that allow facility access for the restoration of lost data under the Disaster Recovery Plan and Emergency Mode Operations Plan in the event of all types of potential disasters."},
		{name: "contingency-facility-access", kind: Implementation,
			text: "Obtain and review documentation demonstrating contingency operation procedures currently implemented. Evaluate and determine if processes are in accordance with related policies and procedures."},
		{name: "contingency-facility-access-tests", kind: Implementation, answers: []string{"contingency.tests"},
			text: "Obtain and review documentation demonstrating that contingency operation procedures are tested. Evaluate and determine if testing is conducted on a periodic basis and testing results are documented, including a plan of corrective actions, if necessary."},
	}},
	{section: "164.310(a)(2)(ii)", control: "164.310(a)(2)(ii)", activity: "Facility Access Controls: Facility Security Plan", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "facility-security-policy", kind: Policies,
			text: "Obtain and review policies and procedures related to the facility security plan. Evaluate the content in relation to the specified performance criteria for safeguarding the facility and equipment therein from unauthorized physical access, tampering, and theft."},
		{name: "facility-security-implementation", kind: Implementation,
			text: "Obtain and review documentation demonstrating that facility security plan procedures are implemented to safeguard the facility and the equipment therein from unauthorized physical access, tampering, and theft. Evaluate and determine if implementation of the facility security plan is being followed appropriately and is in accordance with related policies and procedures."},
	}},
	{section: "164.310(a)(2)(iii)", control: "164.310(a)(2)(iii)", activity: "Facility Access Controls: Access Control and Validation Procedures", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "facility-access-validation-procedures", kind: Policies,
			text: "Obtain and review procedures related to access control and validation. Evaluate the content in relation to the specified performance criteria for controlling a person’s facility access including workforce members, contractors, visitors and probationary employees."},
		{name: "visitor-control", kind: Implementation, answers: []string{"facility.visits"},
			text: "Obtain and review documentation demonstrating the control of visitor’s physical access to facilities. Evaluate and determine if physical controls identify visitors attempting to access facility, prevent unauthorized visitors, and grant access to authorized visitors."},
		{name: "access-to-software-for-modification", kind: Implementation,
			text: "Obtain and review documentation demonstrating control of access to software program for modification and revision. Evaluate and determine if authorized individuals, roles, or job functions are identified and validated before gaining access to software program and is in accordance with applicable procedures."},
		{name: "facility-and-software-access-validation", kind: Implementation,
			text: "Obtain and review documentation demonstrating facility and software access control and validation procedures are implemented."},
	}},
	{section: "164.310(a)(2)(iv)", control: "164.310(a)(2)(iv)", activity: "Facility Access Controls: Maintain Maintenance Records", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "maintenance-records-policy", kind: Policies,
			text: "Obtain and review such policies and procedures related to maintaining maintenance records. Evaluate the content in relation to the specified performance criteria for documenting repairs and modifications to the physical components of a facility related to security."},
		{name: "maintenance-records", kind: Implementation, answers: []string{"facility.maintenance"},
			text: "Obtain and review documentation demonstrating records of repairs and modifications to physical security components. Evaluate and determine if records of repairs and modifications are being tracked and reviewed on periodic basis by authorized personnel."},
	}},
	{section: "164.310(b)", control: "164.310(b)", activity: "Workstation Use", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "workstation-use-policy", kind: Policies, policy: "acceptable-use",
			text: "Obtain and review such policies and procedures related to workstation use. Evaluate the content in relation to the specified performance criteria for the proper functions to be performed by electronic computing devices."},
		{name: "workstation-inventory", kind: Implementation, answers: []string{"workstations"},
			text: "Obtain and review an inventory of the locations and types of workstations. Evaluate and determine if an inventory exists of workstation; when the inventory was last updated; and whether there is a documented process for updating the inventory. If available, review the inventory to see if it includes the types of ePHI data elements contained on the systems included in the inventory."},
		{name: "workstation-classification", kind: Implementation, answers: []string{"workstations"},
			text: "Obtain documentation demonstrating workstation classification. Evaluate and determine if each workstation is classified based on the specific workstation’s capabilities, connection, and allowable activities."},
		{name: "workstation-use-implementation", kind: Implementation, supports: []string{"session.settings"},
			text: "Obtain and review documentation demonstrating workstation use policies and procedures implemented. Evaluate if such implementation is in accordance with related policies and procedures."},
	}},
	{section: "164.310(c)", control: "164.310(c)", activity: "Workstation Security", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "workstation-security-policy", kind: Policies, policy: "acceptable-use",
			text: "Obtain and review policies and procedures related to workstation security. Evaluate the content in relation to the specified criteria for security measures and guidance on how to implement and maintain physical security and how physical access to workstations that access ePHI is restricted to appropriate personnel."},
		{name: "workstation-security-implementation", kind: Implementation,
			text: "Obtain and review documentation demonstrating workstation security policies and procedures being implemented. Evaluate and determine if implementation is appropriate and is in accordance with related policies and procedures."},
	}},
	{section: "164.310(d)(1)", control: "164.310(d)(1)", activity: "Device and Media Controls", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "device-and-media-policy", kind: Policies, policy: "data-classification",
			text: "Obtain and review the policies and procedures related to device and media controls. Evaluate the content in relation to the specified performance criteria for the proper handling of electronic media that contain ePHI."},
		{name: "media-movements", kind: Implementation, answers: []string{"media.movements"},
			text: "Obtain and review documentation demonstrating the movement of hardware and electronic media containing ePHI into, out of and within the facility. Evaluate and determine if movement of hardware and electronic media is being properly tracked, documented, and approved by appropriate personnel."},
		{name: "media-controls", kind: Implementation,
			text: "Obtain documentation demonstrating the type of security controls implemented for the facility in, out, and within movements of workforce members’ assigned hardware and electronic media that contain ePHI. Evaluate and determine if security controls are appropriate, properly implemented, and minimize possible vulnerabilities."},
	}},
	{section: "164.310(d)(2)(i)", control: "164.310(d)(2)(i)", activity: "Device and Media Controls: Disposal", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "disposal-policy", kind: Policies, policy: "data-classification",
			text: "Obtain and review policies and procedures related to disposal of any electronic media that stores ePHI. Evaluate the content in relation to the specified performance criteria for the disposal of hardware, software, and ePHI."},
		{name: "disposals", kind: Implementation, answers: []string{"media.disposals"},
			text: "Obtain and review documentation demonstrating how the disposal of hardware, software, and ePHI data is completed, managed, and documented. Evaluate and determine if process is being followed appropriately and is in accordance with related policies and procedures."},
		{name: "sanitization", kind: Implementation, answers: []string{"media.disposals"},
			text: "Obtain and review documentation demonstrating how the sanitization of electronic media is completed, managed, and documented. Evaluate and determine if process is being followed appropriately and is in accordance with related policies and procedures."},
	}},
	{section: "164.310(d)(2)(ii)", control: "164.310(d)(2)(ii)", activity: "Device and Media Controls: Media Re-use", designation: crosswalk.Required, alternative: false, rows: []row{
		{name: "media-reuse-procedures", kind: Policies, policy: "data-classification",
			text: "Obtain and review procedures related to media re-usage. Evaluate the content in relation to the specified performance criteria for removing ePHI from electronic media before they are issued for reuse."},
		{name: "media-reuse", kind: Implementation, answers: []string{"media.disposals"},
			text: "Obtain documentation demonstrating media re-use procedures being implemented and how ePHI has been removed from electronic media. Evaluate and determine if the process used for the reuse of electronic media is appropriate; that ePHI is properly removed from electronic media prior to reuse; that ePHI that is removed is unusable, inaccessible, and indecipherable; and that removal of ePHI from electronic media has been verified prior to reuse of electronic media."},
	}},
	{section: "164.310(d)(2)(iii)", control: "164.310(d)(2)(iii)", activity: "Device and Media Controls: Accountability", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "media-accountability-policy", kind: Policies, policy: "data-classification",
			text: "Obtain and review policies and procedures related to device and media accountability. Evaluate the content relative to the specified performance criteria regarding tracking the location of electronic media and hardware (including entity-owned and personally-owned electronic/mobile devices and media containing, or with access to, ePHI) and maintaining records of movements of, and individual(s) responsible for, hardware and electronic media that has access or contains ePHI."},
		{name: "media-accountability-records", kind: Implementation, answers: []string{"media.movements"},
			text: "Obtain and review documentation demonstrating a record of movements of hardware and electronic media and person responsible therefore. Evaluate and determine if media and hardware (including entity-owned and personally owned electronic/mobile devices and media) are tracked, recorded, and certified by appropriate personnel."},
	}},
	{section: "164.310(d)(2)(iv)", control: "164.310(d)(2)(iv)", activity: "Device and Media Controls: Data Backup and Storage Procedures", designation: crosswalk.Addressable, alternative: true, rows: []row{
		{name: "backup-before-movement-policy", kind: Policies, policy: "contingency",
			text: "Obtain and review policies and procedures related to data backup and storage procedures. Evaluate the content relative to the specified performance criteria to determine whether policies and procedures cover creating a retrievable exact copy of electronic protected health information, when needed, before movement of equipment."},
		{name: "backup-before-movement", kind: Implementation, answers: []string{"media.movements"},
			text: "Obtain and review documentation demonstrating how ePHI data is backed up for equipment being moved to another location. Evaluate and determine if ePHI data backup process is appropriate and is in accordance with the entity's data backup plan and/or procedures."},
		{name: "storage-of-movement-backups", kind: Implementation,
			text: "Obtain and review documentation demonstrating how ePHI data backups for moved equipment are stored. Evaluate and determine if the backup data is stored in a location with minimum vulnerabilities and appropriate safeguards and that the confidentiality, integrity, and availability of the ePHI data is protected from security threats."},
		{name: "restoration-of-movement-backups", kind: Implementation, answers: []string{"crypto.drills", "contingency.tests"},
			text: "Obtain and review documentation demonstrating the restoration of ePHI data backups for moved equipment. Evaluate and determine if the procedure is in accordance with backup plans and/or procedures; if failures of data backups and restorations are properly documented; and if necessary, what corrective actions have been taken."},
	}},
}
