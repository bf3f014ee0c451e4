// swift-tools-version: 6.2
import PackageDescription

// The floor plan. One line per module, bottom floor first; imports point down and `make check` proves it.
// This file runs top to bottom: settings and helpers first, then the plan, then the package.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),  // what a file re-exports shows in its import list
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // async functions stay on the caller's loop: no hops
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// A C library: a module map and a header of shims, no logic.
func clib(_ name: String, _ pkgConfig: String? = nil) -> [Target] {
    [.systemLibrary(name: name, path: "Shared/C/\(name)", pkgConfig: pkgConfig)]
}

/// A shared module and its tests. `embeds` are files of the module that are compiled in, byte for byte.
func shared(_ name: String, uses: [String] = [], tests: [String] = [], embeds: [String] = []) -> [Target] {
    [
        .target(
            name: name, dependencies: uses.map { .init(stringLiteral: $0) }, path: "Shared/\(name)",
            exclude: ["README.md"], resources: embeds.map { .embedInCode($0) }, swiftSettings: strict),
        .testTarget(
            name: "\(name)Tests",
            dependencies: ([name, "TestKit"] + uses.filter { !$0.isCellar } + tests).map { .init(stringLiteral: $0) },
            path: "Tests/\(name)Tests", swiftSettings: strict),
    ]
}

/// A service: a library with everything in it, an executable of five lines, and its tests.
func service(
    _ name: String, binary: String, uses: [String], tests: [String] = [], embeds: [String] = []
) -> [Target] {
    [
        .target(
            name: name, dependencies: uses.map { .init(stringLiteral: $0) }, path: "Services/\(name)/Sources",
            resources: embeds.map { .embedInCode($0) }, swiftSettings: strict),
        .executableTarget(
            name: binary, dependencies: [.init(stringLiteral: name), "ServiceKit"], path: "Services/\(name)/Main",
            swiftSettings: strict),
        .testTarget(
            name: "\(name)Tests", dependencies: ([name, "TestKit"] + uses + tests).map { .init(stringLiteral: $0) },
            path: "Tests/\(name)Tests", swiftSettings: strict),
    ]
}

extension String {
    /// C modules: only doors may import them.
    var isCellar: Bool { ["CLinux", "COpenSSL", "CNghttp2", "CSQLite", "CPCRE2", "CYAML", "CZlib"].contains(self) }
}

let plan: [[Target]] = [
    // Cellar: C libraries.
    clib("CLinux"),
    clib("COpenSSL", "openssl"),
    clib("CNghttp2", "libnghttp2"),
    clib("CSQLite", "sqlite3"),
    clib("CPCRE2", "libpcre2-8"),
    clib("CYAML", "yaml-0.1"),
    clib("CZlib", "zlib"),

    // Values: no C, no input or output.
    shared("Bytes"),
    shared("Faults"),
    shared("Time", uses: ["Faults"]),
    shared("Config", uses: ["Time", "Faults"]),
    shared("Observe", uses: ["Time"]),
    shared("JSON", uses: ["Bytes", "Faults"]),
    shared("Avro", uses: ["Bytes", "JSON", "Faults"]),
    shared("HTTP", uses: ["Bytes", "Faults"]),
    shared("GRPC", uses: ["Bytes", "Time", "JSON", "Faults"]),
    shared("Wire", uses: ["Bytes", "Time", "JSON", "Faults"]),
    shared("API", uses: ["GRPC", "Wire"], tests: ["Bytes", "JSON"]),

    // Doors: one per C library.
    shared("System", uses: ["CLinux", "Bytes", "Time", "Faults"]),
    shared("EventLoop", uses: ["CLinux", "System", "Time", "Faults"]),
    shared("Crypto", uses: ["COpenSSL", "Bytes", "Faults"]),
    shared("TLS", uses: ["COpenSSL", "System", "Time", "Faults", "Bytes"], tests: ["Crypto"]),
    shared("HTTP2", uses: ["CNghttp2", "HTTP", "Bytes", "Faults"], tests: ["SessionJudge", "HTTP2Rules"]),
    shared("SQLite", uses: ["CSQLite", "Bytes", "Faults"]),
    shared("Regex", uses: ["CPCRE2", "Faults"]),
    shared("Gzip", uses: ["CZlib", "Bytes", "Faults"]),
    shared("YAML", uses: ["CYAML", "JSON", "Faults"]),

    // Engines: what Polder knows how to do.
    shared(
        "Net",
        uses: ["System", "EventLoop", "TLS", "HTTP", "HTTP2", "GRPC", "Gzip", "Bytes", "Time", "Faults"],
        tests: ["Crypto"]),
    shared("Tokens", uses: ["Crypto", "JSON", "Bytes", "Time", "Faults", "System", "Net", "TLS", "HTTP", "EventLoop"]),
    shared("EventLog", uses: ["SQLite", "System", "EventLoop", "Wire", "Bytes", "Time", "Faults"]),
    shared("Privacy", uses: ["Crypto", "JSON", "API", "Wire", "Bytes", "Time", "Faults"]),
    shared(
        "KeyVault",
        uses: ["Privacy", "Crypto", "SQLite", "System", "EventLoop", "API", "Wire", "Bytes", "Time", "Faults"]),
    shared("Tunnel", uses: ["System", "HTTP", "JSON", "Bytes", "Time", "Faults"]),
    shared(
        "Kubernetes",
        uses: ["Net", "TLS", "HTTP", "EventLoop", "System", "YAML", "JSON", "Bytes", "Time", "Faults"]),
    shared("Reconcile", uses: ["Bytes", "Crypto", "JSON", "Time", "Faults"]),
    shared("AccessPolicy", uses: ["HTTP", "JSON", "Crypto", "Bytes", "Faults"], tests: ["RequestReader"]),
    shared("AuditChain", uses: ["Tokens", "System", "Crypto", "JSON", "Bytes", "Time", "Faults"]),
    shared("JSONSchema", uses: ["JSON", "Regex", "Bytes", "Faults"]),
    shared("Contracts", uses: ["Avro", "JSONSchema", "JSON", "Regex", "GRPC", "API", "Wire", "Bytes", "Faults"]),
    shared(
        "PlaneConfig",
        uses: [
            "YAML", "JSON", "GRPC", "API", "Wire", "Contracts", "Net", "System", "Crypto", "Bytes", "Time", "Faults",
        ],
        tests: ["Avro", "EventLoop"],
        embeds: ["Public/clickstream.yaml", "Public/demo.yaml", "Public/example.yaml"]),

    // Kit: how every service starts, reports and stops.
    shared(
        "ServiceKit",
        uses: [
            "Net", "System", "EventLoop", "TLS", "HTTP", "GRPC", "Crypto", "Tokens", "PlaneConfig", "Config", "Observe",
            "Time", "Faults", "Bytes", "JSON",
        ]),

    // Services: one binary each; none imports another.
    service(
        "EventGateway", binary: "event-gateway",
        uses: [
            "ServiceKit", "Net", "HTTP2", "HTTP", "EventLoop", "System", "TLS", "Tokens", "Contracts", "PlaneConfig",
            "Privacy", "KeyVault", "EventLog", "Wire", "Avro", "JSON", "Crypto", "Config", "Observe", "Time", "Faults",
            "Bytes",
        ], tests: ["SQLite"]),
    service(
        "Decrypter", binary: "decrypter",
        uses: [
            "ServiceKit", "EventLoop", "System", "Contracts", "PlaneConfig", "Privacy", "KeyVault", "EventLog", "API",
            "Wire", "Avro", "JSONSchema", "JSON", "Crypto", "Config", "Observe", "Time", "Faults", "Bytes",
        ], tests: ["SQLite", "TLS"]),
    service(
        "WebSocket", binary: "web-socket",
        uses: [
            "ServiceKit", "Net", "HTTP", "EventLoop", "System", "TLS", "Tokens", "Contracts", "PlaneConfig", "EventLog",
            "Wire", "Avro", "JSON", "Config", "Observe", "Time", "Faults", "Bytes",
        ], tests: ["Crypto"]),
    service(
        "ControlPlane", binary: "control-plane",
        uses: [
            "ServiceKit", "Net", "HTTP", "EventLoop", "System", "TLS", "Tokens", "Avro", "Contracts", "PlaneConfig",
            "KeyVault",
            "SQLite", "Crypto", "GRPC", "API", "Wire", "JSON", "Config", "Observe", "Time", "Faults", "Bytes",
        ]),
    service(
        "StreamsAgent", binary: "streams-agent",
        uses: [
            "ServiceKit", "Reconcile", "Net", "HTTP", "GRPC", "API", "EventLoop", "System", "PlaneConfig", "EventLog",
            "Crypto", "Wire", "JSON", "Config", "Observe", "Time", "Faults",
        ], tests: ["Polder", "TLS"]),
    service(
        "ESRProxy", binary: "esr-proxy",
        uses: [
            "ServiceKit", "Net", "GRPC", "API", "EventLoop", "System", "EventLog", "Wire", "Config", "Observe", "Time",
            "Faults",
        ]),
    service(
        "Polder", binary: "polder",
        uses: [
            "ServiceKit", "AccessPolicy", "AuditChain", "API", "GRPC", "Net", "HTTP", "EventLoop", "System", "TLS",
            "Tokens", "Contracts",
            "PlaneConfig", "Privacy",
            "KeyVault", "EventLog", "Crypto", "YAML", "Wire", "Avro", "JSON", "Config", "Observe", "Time", "Faults",
            "Bytes",
        ],
        embeds: ["Plane/demo.yaml"]),

    // Test support, and tests that need a whole plane.
    [
        .target(
            name: "TestKit", dependencies: ["Bytes", "CSQLite", "Crypto", "Time", "Observe", "System", "JSON"],
            path: "Tests/TestKit", exclude: ["README.md"], swiftSettings: strict),
        .executableTarget(
            name: "bench",
            dependencies: [
                "API", "Avro", "Bytes", "Contracts", "Crypto", "Decrypter", "EventLog", "EventLoop", "GRPC", "HTTP",
                "HTTP2",
                "KeyVault",
                "Net", "PlaneConfig", "Privacy", "System", "TLS", "TestKit", "Time", "Tokens", "Tunnel", "Wire",
            ],
            path: "Tests/Benchmarks/Sources", swiftSettings: strict),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "API", "AccessPolicy", "Avro", "Bytes", "Contracts", "Crypto", "EventLog", "GRPC", "HTTP", "HTTP2",
                "JSON", "JSONSchema", "Privacy", "Regex", "RequestReader", "SessionJudge", "System", "Time", "Tokens",
                "Tunnel", "Wire",
                "YAML",
            ], path: "Tests/Fuzz/Sources",
            swiftSettings: strict),
        .target(
            name: "SessionJudge", dependencies: ["Bytes", "HTTP", "HTTP2"], path: "Tests/SessionJudge",
            exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "RequestReader", path: "Tests/RequestReader", exclude: ["README.md"], swiftSettings: strict),
        .target(
            name: "HTTP2Rules", path: "Tests/HTTP2Rules", exclude: ["README.md"], swiftSettings: strict),
        .testTarget(
            name: "FuzzCorpusTests", dependencies: ["FuzzTargets", "System"], path: "Tests/FuzzCorpusTests",
            swiftSettings: strict),
        .testTarget(
            name: "PlaneTests", dependencies: ["TestKit", "HTTP2Rules", "System", "JSON", "Bytes", "Time"],
            path: "Tests/PlaneTests",
            swiftSettings: strict),
    ],

    // `make fuzz`: links libFuzzer, so it exists only in that build.
    Context.environment["POLDER_FUZZ"] == nil
        ? []
        : [
            .executableTarget(
                name: "fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzz/Driver", swiftSettings: strict,
                // gold cannot link what ASan instruments
                linkerSettings: [.unsafeFlags(["-use-ld=lld"])])
        ],
]

let package = Package(
    name: "polder",
    targets: plan.flatMap { $0 },
    swiftLanguageModes: [.v6]
)
