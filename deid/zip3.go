package deid

import "strings"

// zipTable names the table below in reports. 45 CFR 164.514(b)(2)(i)(B) asks
// for the current publicly available data of the Bureau of the Census: that
// is the 2020 census, Demographic and Housing Characteristics File, table P1
// (total population) by ZIP Code Tabulation Area, 33,774 areas in 894
// prefixes with 334,726,586 people, summed by the first three digits. The
// list of 17 prefixes in older guidance is that of the census of 2000.
const zipTable = "census-2020-dhc-p1"

// zipRestricted are the 18 prefixes of at most 20,000 people.
const zipRestricted = " 036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893 "

// zipAbsent are the 106 prefixes without a census area. Their population is
// not known to exceed 20,000, so they are treated as restricted.
const zipAbsent = " 000 001 002 003 004 005 008 055 090 091 092 093 094 095 096 097 098 099 192" +
	" 213 269 311 332 340 343 345 348 353 375 399 419 428 429 459 509 517 518 519 529 533 536 552" +
	" 555 568 569 578 579 589 621 632 642 643 649 659 663 682 694 695 696 697 698 699 702 709 715" +
	" 732 733 742 771 817 818 819 839 842 848 849 854 858 861 862 866 867 868 869 872 876 885 886" +
	" 887 888 889 892 896 899 901 909 929 938 942 962 963 964 965 966 969 987 "

// zip3 returns what may stay of a US ZIP code (5 digits, ZIP+4 with or
// without hyphen): its first three digits, or "000" for a prefix of at most
// 20,000 people. It returns "" for anything that is not a ZIP code; a code of
// three digits is not one.
func zip3(code string) string {
	if len(code) == 10 && code[5] == '-' {
		code = code[:5] + code[6:]
	}
	if len(code) != 5 && len(code) != 9 {
		return ""
	}
	for _, c := range []byte(code) {
		if c < '0' || c > '9' {
			return ""
		}
	}
	probe := " " + code[:3] + " "
	if strings.Contains(zipRestricted, probe) || strings.Contains(zipAbsent, probe) {
		return "000"
	}
	return code[:3]
}

// states are the names and codes of the US states, the District of Columbia
// and the inhabited territories, in lower case.
const states = "|al|alabama|ak|alaska|az|arizona|ar|arkansas|ca|california|co|colorado|ct|connecticut" +
	"|de|delaware|dc|district of columbia|fl|florida|ga|georgia|hi|hawaii|id|idaho|il|illinois|in|indiana" +
	"|ia|iowa|ks|kansas|ky|kentucky|la|louisiana|me|maine|md|maryland|ma|massachusetts|mi|michigan" +
	"|mn|minnesota|ms|mississippi|mo|missouri|mt|montana|ne|nebraska|nv|nevada|nh|new hampshire" +
	"|nj|new jersey|nm|new mexico|ny|new york|nc|north carolina|nd|north dakota|oh|ohio|ok|oklahoma" +
	"|or|oregon|pa|pennsylvania|ri|rhode island|sc|south carolina|sd|south dakota|tn|tennessee|tx|texas" +
	"|ut|utah|vt|vermont|va|virginia|wa|washington|wv|west virginia|wi|wisconsin|wy|wyoming" +
	"|as|american samoa|gu|guam|mp|northern mariana islands|pr|puerto rico|vi|virgin islands|"

// isState reports whether s is a US state or territory by name or code.
func isState(s string) bool {
	return s != "" && !strings.Contains(s, "|") && strings.Contains(states, "|"+strings.ToLower(s)+"|")
}
