package report

import (
	"slices"
	"testing"
)

// TestWrapChinese breaks between characters, keeps Latin words whole, and never
// begins a line with what closes or ends it with what opens.
func TestWrapChinese(t *testing.T) {
	for _, tt := range []struct {
		s     string
		width int
		want  []string
	}{
		{"手机能到达服务器，但是", 10, []string{"手机能到达", "服务器，但", "是"}},
		{"手机能到达，但是", 10, []string{"手机能到", "达，但是"}},
		{"运行 wgtrace live 再看", 12, []string{"运行 wgtrace", "live 再看"}},
		{"地址（NAT）不对", 7, []string{"地址", "（NAT）", "不对"}},
		{"用 \"nft list ruleset\"：看", 11, []string{"用 \"nft", "list", "ruleset\"：", "看"}},
		{"plain words stay as they were", 11, []string{"plain words", "stay as", "they were"}},
		{"a > 1.1.1.1", 20, []string{"a > 1.1.1.1"}},
	} {
		if got := wrap(tt.s, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("wrap(%q, %d) = %q, want %q", tt.s, tt.width, got, tt.want)
		}
	}
}
