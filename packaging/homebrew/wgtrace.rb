class Wgtrace < Formula
  desc "Say where the packets of a WireGuard client disappear"
  homepage "https://github.com/wgtrace/wgtrace"
  url "https://github.com/wgtrace/wgtrace.git", tag: "v@VERSION@"
  license "Apache-2.0"
  head "https://github.com/wgtrace/wgtrace.git", branch: "main"

  depends_on "go" => :build

  uses_from_macos "libpcap"

  def install
    system "go", "build", *std_go_args(ldflags: "-s -w -X main.version=#{version}"), "./cmd/wgtrace"
    generate_completions_from_executable(bin/"wgtrace", "completion")
    pkgshare.install "testdata/pcaps/nat-missing-phone"
  end

  test do
    assert_match "Packets leave with the phone's private address",
      shell_output("#{bin}/wgtrace read #{pkgshare}/nat-missing-phone/tunnel.pcap #{pkgshare}/nat-missing-phone/wan.pcap", 1)
  end
end
