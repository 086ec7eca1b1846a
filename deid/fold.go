package deid

import (
	"strings"
	"sync"
	"unicode"
)

// fold returns s in lower case, as letters are typed by who has no others: no
// accents, composed or not, no invisible characters, and the wide forms of
// East Asia as ASCII. Names are compared in this form.
func fold(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, c := range s {
		if c >= '！' && c <= '～' {
			c -= '！' - '!'
		}
		c = unicode.ToLower(c)
		switch base, ok := foldTable()[c]; {
		case ok:
			b.WriteString(base)
		case unicode.Is(unicode.Mn, c) || unicode.Is(unicode.Cf, c):
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// foldTable is built once and never written to afterwards.
var foldTable = sync.OnceValue(func() map[rune]string {
	table := map[rune]string{}
	for group := range strings.FieldsSeq(foldings) {
		base, letters, _ := strings.Cut(group, ":")
		for _, c := range letters {
			table[c] = base
		}
	}
	return table
})

// foldings are the composed letters of the Latin, Greek, Cyrillic and Kana
// blocks behind what they are without their marks (Unicode, NFD), and the
// letters that are commonly written as two.
const foldings = "a:àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ ae:æǽ b:ḃḅḇ c:çćĉċčḉ d:ďḋḍḏḑḓđð e:èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ f:ḟƒ " +
	"g:ĝğġģǧǵḡ h:ĥȟḣḥḧḩḫẖħ i:ìíîïĩīĭįǐȉȋḭḯỉịı ij:ĳ j:ĵǰ k:ķǩḱḳḵ l:ĺļľḷḹḻḽłŀ m:ḿṁṃ n:ñńņňǹṅṇṉṋŋ " +
	"o:òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợøǿ oe:œ p:ṕṗ r:ŕŗřȑȓṙṛṝṟ s:śŝşšșṡṣṥṧṩ ss:ß t:ţťțṫṭṯṱẗŧ th:þ " +
	"u:ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự v:ṽṿ w:ŵẁẃẅẇẉẘ x:ẋẍ y:ýÿŷȳẏẙỳỵỷỹ z:źżžẑẓẕ æ:ǣ ſ:ẛ ʒ:ǯ ʹ:ʹ " +
	"α:άἀἁἂἃἄἅἆἇὰάᾀᾁᾂᾃᾄᾅᾆᾇᾰᾱᾲᾳᾴᾶᾷ ε:έἐἑἒἓἔἕὲέ η:ήἠἡἢἣἤἥἦἧὴήᾐᾑᾒᾓᾔᾕᾖᾗῂῃῄῆῇ ι:ΐίϊἰἱἲἳἴἵἶἷὶίιῐῑῒΐῖῗ " +
	"ο:όὀὁὂὃὄὅὸό ρ:ῤῥ υ:ΰϋύὐὑὒὓὔὕὖὗὺύῠῡῢΰῦῧ ω:ώὠὡὢὣὤὥὦὧὼώᾠᾡᾢᾣᾤᾥᾦᾧῲῳῴῶῷ ϒ:ϓϔ а:ӑӓ г:ѓ е:ѐёӗ ж:ӂӝ з:ӟ " +
	"и:йѝӣӥ к:ќ о:ӧ у:ўӯӱӳ ч:ӵ ы:ӹ э:ӭ і:ї ѵ:ѷ ә:ӛ ө:ӫ う:ゔ か:が き:ぎ く:ぐ け:げ こ:ご さ:ざ し:じ す:ず せ:ぜ そ:ぞ た:だ " +
	"ち:ぢ つ:づ て:で と:ど は:ばぱ ひ:びぴ ふ:ぶぷ へ:べぺ ほ:ぼぽ ゝ:ゞ ウ:ヴ カ:ガ キ:ギ ク:グ ケ:ゲ コ:ゴ サ:ザ シ:ジ ス:ズ セ:ゼ ソ:ゾ タ:ダ チ:ヂ ツ:ヅ " +
	"テ:デ ト:ド ハ:バパ ヒ:ビピ フ:ブプ ヘ:ベペ ホ:ボポ ワ:ヷ ヰ:ヸ ヱ:ヹ ヲ:ヺ ヽ:ヾ "
