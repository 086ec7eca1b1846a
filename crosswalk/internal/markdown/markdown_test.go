package markdown_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
)

func TestDoc(t *testing.T) {
	var d markdown.Doc
	d.Heading(1, "A\n# B")
	d.Paragraph("one *two* <b>three</b>")
	d.Fact("name", "a|b")
	d.Fact("empty", " \n")
	d.Item("[x](y)")
	d.Table("a", "b")
	d.Row("1|2", "3\n4")
	d.Table("c")
	d.Fact("after", "a table")
	d.Paragraph("after a list")
	d.Paragraph("and another")
	d.Heading(2, "end")
	require.Equal(t, `# A \# B

one \*two\* &lt;b&gt;three&lt;/b&gt;

- **name:** a\|b
- \[x\](y)

| a | b |
|---|---|
| 1\|2 | 3 4 |

| c |
|---|

- **after:** a table

after a list

and another

## end
`, string(d.Bytes()))
}
