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

    @Test func `a misspelt name is refused, with the one that was probably meant`() {
        var env = EnvReader(["X_LISTNE": "a:1", "X_LISTEN": "a:1", "X_WINDMILL": "", "PATH": "/bin", "Y_LISTEN": "c:3"])
        let _: HostPort = env.read("X_LISTEN", default: "b:2", "")
        env.refuseUnread(prefix: "X_")
        #expect(
            env.mistakes.map(\.text) == [
                "X_LISTNE is not a setting; did you mean X_LISTEN?", "X_WINDMILL is not a setting",
            ])
    }

    @Test func `what Kubernetes tells about services is nobody's mistake`() {
        // https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables
        let names = [
            "X_SERVICE_HOST", "X_SERVICE_PORT", "X_SERVICE_PORT_HTTPS", "X_PORT", "X_PORT_8443_TCP",
            "X_PORT_8443_TCP_PROTO", "X_PORT_8443_TCP_PORT", "X_PORT_8443_TCP_ADDR", "X_ADMIN_SERVICE_HOST",
        ]
        var env = EnvReader(Dictionary(uniqueKeysWithValues: names.map { ($0, "tcp://10.0.0.1:8443") }))
        env.refuseUnread(prefix: "X_")
        #expect(env.mistakes.isEmpty)
    }

    @Test func `the world is looked at only where the text is right, and only when asked`() {
        var env = EnvReader(["X_LISTEN": "8443", "X_FOLDER": "/nowhere"])
        let _: HostPort = env.read("X_LISTEN", default: "b:2", "")
        let folder: String = env.require("X_FOLDER", example: "/var/lib/x", "")
        env.check("X_LISTEN") { "never asked" }
        env.check("X_FOLDER") { "\(folder): No such file or directory" }
        #expect(env.mistakes.count == 1)
        env.lookAtTheWorld()
        #expect(env.mistakes.last?.text == "X_FOLDER: /nowhere: No such file or directory")
        #expect(env.mistakes.count == 2)
    }
}

@Suite struct SpellingTests {
    @Test(arguments: [
        ("raed", "read"), ("stauts", "status"), ("sent", "send"), ("key export", "keys export"), ("lissten", "listen"),
    ])
    func `the nearest word is found`(_ word: String, _ meant: String) {
        #expect(Spelling.nearest(to: word, in: ["status", "send", "listen", "read", "keys export"]) == meant)
    }

    @Test(arguments: ["windmill", "x", ""])
    func `nothing is guessed that is far away`(_ word: String) {
        #expect(Spelling.nearest(to: word, in: ["status", "send", "listen", "read"]) == nil)
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

    @Test(arguments: [
        ("127.0.0.1:1", true), ("[::1]:1", true), ("localhost:1", true), ("0.0.0.0:1", false),
        ("127.example.org:1", false), ("127.0.0.1.example.org:1", false), ("127.0.0:1", false),
    ])
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

    @Test(arguments: ["", "host", "ftp://host", "https://", "https:///path", "https://a b"])
    func `what is not an absolute address is refused`(_ text: String) { #expect(URLString(settingText: text) == nil) }

    @Test(arguments: ["yes", "1", "TRUE", ""])
    func `true and false have one spelling`(_ text: String) { #expect(Bool(settingText: text) == nil) }
}
