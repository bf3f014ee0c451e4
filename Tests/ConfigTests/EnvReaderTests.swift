import Config
import Testing
import Time

private enum Colour: String, SettingChoice { case red, blue }

@Suite struct EnvReaderTests {
    @Test func `a setting that is absent has its default`() {
        var env = EnvReader([:])
        let listen: HostPort = env.read("X_LISTEN", default: "0.0.0.0:8443", "Listener.")
        let grace: Duration = env.read("X_GRACE", default: "10s", "Grace.")
        #expect(listen == HostPort(host: "0.0.0.0", port: 8443))
        #expect(grace == .seconds(10))
        #expect(env.mistakes.isEmpty)
    }

    @Test func `all mistakes are reported at once, each with what would be right`() {
        var env = EnvReader([
            "X_LISTEN": "8443", "X_GRACE": "10", "X_LOOPS": "0", "X_COLOUR": "green", "X_BODY": "1 MiB", "X_EMPTY": "",
        ])
        let _: HostPort = env.read("X_LISTEN", default: "0.0.0.0:8443", "")
        let _: Duration = env.read("X_GRACE", default: "10s", "")
        let loops: Int = env.read("X_LOOPS", default: "2", in: 1...64, "")
        let _: Colour = env.read("X_COLOUR", default: "red", "")
        let _: ByteCount = env.read("X_BODY", default: "1MiB", "")
        let _: String = env.require("X_FOLDER", example: "/var/lib/x", "")
        let _: String = env.require("X_EMPTY", example: "y", "")
        env.refuse("X_ADMIN", because: "is the same address as X_LISTEN")
        #expect(loops == 2)
        #expect(
            env.mistakes.map(\.text) == [
                "X_LISTEN is \"8443\", which is not an address such as 0.0.0.0:8443 or [::1]:8443",
                "X_GRACE is \"10\", which is not a duration such as 250ms, 15m, 24h or 7d",
                "X_LOOPS is 0, allowed is 1 to 64", "X_COLOUR is \"green\", which is not one of red, blue",
                "X_BODY is \"1 MiB\", which is not a size such as 512B, 64KiB or 1MiB",
                "X_FOLDER is not set; for example X_FOLDER=/var/lib/x", "X_EMPTY is not set; for example X_EMPTY=y",
                "X_ADMIN: is the same address as X_LISTEN",
            ])
    }

    @Test func `reading a setting puts it into the table`() {
        var env = EnvReader([:])
        let _: Int = env.read("X_LOOPS", default: "2", in: 1...64, "Event loops.")
        let _: String = env.require("X_FOLDER", example: "/var/lib/x", "State | keys.")
        let proxy: URLString? = env.readIfPresent("X_PROXY", example: "https://proxy:3128", "Proxy.")
        #expect(proxy == nil)
        #expect(
            Setting.table(of: env.settings) == """
                | setting | default | meaning |
                |---|---|---|
                | `X_LOOPS` | `2` | Event loops. Allowed: 1 to 64. |
                | `X_FOLDER` | required, e.g. `/var/lib/x` | State \\| keys. |
                | `X_PROXY` | none, e.g. `https://proxy:3128` | Proxy. |

                """)
    }

    @Test func `a misspelt name is found by its prefix`() {
        var env = EnvReader(["X_LISTNE": "a:1", "X_LISTEN": "a:1", "PATH": "/bin"])
        let _: HostPort = env.read("X_LISTEN", default: "b:2", "")
        #expect(env.unread(prefix: "X_") == ["X_LISTNE"])
    }
}

@Suite struct SettingValueTests {
    @Test(arguments: [
        ("0.0.0.0:8443", "0.0.0.0", 8443), ("[::1]:1", "::1", 1), ("localhost:0", "localhost", 0),
        ("a.b-c:65535", "a.b-c", 65535),
    ])
    func `addresses are read and written`(_ text: String, _ host: String, _ port: Int) throws {
        let address = try #require(HostPort(settingText: text))
        #expect(address.host == host)
        #expect(Int(address.port) == port)
        #expect(address.settingText == text)
    }

    @Test(arguments: ["", ":1", "a", "a:", "a:65536", "a:-1", "a:+1", "::1:80", "[a]:1", "a b:1", "a/b:1", "[::1:1"])
    func `what is not an address is refused`(_ text: String) { #expect(HostPort(settingText: text) == nil) }

    @Test(arguments: [("127.0.0.1:1", true), ("[::1]:1", true), ("localhost:1", true), ("0.0.0.0:1", false)])
    func `the loopback is known`(_ text: String, _ expected: Bool) {
        #expect(HostPort(settingText: text)?.isLoopback == expected)
    }

    @Test(arguments: [
        ("0", 0, "0B"), ("512", 512, "512B"), ("512B", 512, "512B"), ("64KiB", 65_536, "64KiB"),
        ("1MiB", 1_048_576, "1MiB"), ("10kB", 10_000, "10000B"), ("2GiB", 2_147_483_648, "2GiB"),
    ])
    func `sizes are read and written`(_ text: String, _ bytes: Int, _ written: String) throws {
        let size = try #require(ByteCount(settingText: text))
        #expect(size.bytes == bytes)
        #expect(size.settingText == written)
    }

    @Test(arguments: ["", "MiB", "-1", "1.5MiB", "1mib", "1 KiB", "9999999999TiB"])
    func `what is not a size is refused`(_ text: String) { #expect(ByteCount(settingText: text) == nil) }

    @Test(arguments: [("", []), ("a", ["a"]), ("a, b ,c", ["a", "b", "c"])])
    func `lists are read`(_ text: String, _ elements: [String]) {
        #expect(SettingList<String>(settingText: text)?.elements == elements)
    }

    @Test func `a list with a hole or a wrong element is refused`() {
        #expect(SettingList<String>(settingText: "a,,b") == nil)
        #expect(SettingList<String>(settingText: "a,") == nil)
        #expect(SettingList<Int>(settingText: "1,x") == nil)
    }

    @Test(arguments: ["", "host", "ftp://host", "https://", "https:///path", "https://a b"])
    func `what is not an absolute address is refused`(_ text: String) { #expect(URLString(settingText: text) == nil) }

    @Test(arguments: ["yes", "1", "TRUE", ""])
    func `true and false have one spelling`(_ text: String) { #expect(Bool(settingText: text) == nil) }
}
