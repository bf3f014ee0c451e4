import TestKit

/// Makes request targets: what clients send, with what an attacker does to them.
struct PathMaker {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private mutating func one<Element>(of elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &random)]
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    /// A method and a target, percent-encoded or broken as it may be.
    mutating func next() -> (method: String, target: [UInt8]) {
        var method = one(of: ["GET", "GET", "GET", "GET", "POST", "PUT", "PATCH", "DELETE"])
        if chance(2) { method = one(of: ["HEAD", "OPTIONS", "get", "WATCH", "", "CONNECT", "GET "]) }
        var target = Array(path().utf8)
        for _ in 0..<(chance(70) ? 0 : Int.random(in: 1...3, using: &random)) { mutate(&target) }
        if chance(25) { target += Array("?".utf8) + Array(query().utf8) }
        if chance(5) { mutate(&target) }
        return (method, target)
    }

    private mutating func path() -> String {
        if chance(6) {
            return one(of: [
                "/version", "/readyz", "/api", "/apis", "/openapi/v3", "/metrics", "/api/v1", "/logs/x", "/healthz",
                "/",
            ])
        }
        if chance(15) {  // what is on the list, to be mutated
            return one(of: [
                "/apis/apps/v1/namespaces/shop/deployments", "/apis/apps/v1/namespaces/shop/deployments/web/scale",
                "/api/v1/namespaces/dev-a/pods/web-1", "/api/v1/namespaces/dev-b/pods/web-1/log", "/api/v1/nodes",
            ])
        }
        var path = one(of: [
            "/api/v1", "/api/v1", "/apis/apps/v1", "/apis/apps/v1", "/api/v1", "/apis/apps/v1", "/apis/example.com/v1",
            "/api", "/apis/apps",
        ])
        if chance(3) { path += one(of: ["/watch", "/proxy"]) }
        if chance(75) {
            path +=
                "/namespaces/"
                + one(of: ["shop", "shop", "dev-a", "dev-b", "dev-a", "prod", "kube-system", "nowhere", "sh"])
        }
        if chance(92) {
            path +=
                "/"
                + one(of: [
                    "pods", "pods", "deployments", "deployments", "secrets", "pods", "deployments", "nodes",
                    "namespaces", "services", "status",
                ])
        }
        if chance(60) {
            path += "/" + one(of: ["web-1", "web", "system:node", "secrets", "x.y", "status"])
            if chance(35) {
                path +=
                    "/" + one(of: ["log", "scale", "exec", "proxy", "status", "token", "portforward", "attach", "x"])
                if chance(8) { path += "/" + one(of: ["secrets", "api/v1/secrets", "..", "x"]) }
            }
        }
        return path
    }

    private mutating func query() -> String {
        var parts: [String] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            parts.append(
                one(of: [
                    "watch=1", "watch=0", "watch=true", "watch=True", "watch=", "watch", "w%61tch=1", "Watch=1",
                    "limit=5", "follow=1",
                    "labelSelector=a%3Db", "fieldSelector=metadata.namespace%3Dshop", "fieldSelector=metadata.name=web",
                    "pretty=true",
                    "timeout=32s", "dryRun=All", "command=id", "continue=abc", ";watch=1", "watch=1;limit=1",
                    "container=a", "x=1", "",
                ]))
        }
        return parts.joined(separator: chance(95) ? "&" : ";")
    }

    private static let inserts = [
        "/..", "/.", "//", "/%2e%2e", "/%2E%2E/", "%2F", "%2f", "%5c", "\\", ";", ";a=b", ";/", "%3B", "%252e%252e",
        "%252F", "%00",
        "\0", "%0a", "\n", "%20", " ", "+", "é", "%c3%a9", "%c0%ae", "%c0%af", "\u{FF0E}", "%", "%2", "%zz", "#", "?",
        "*", "@", ":",
        "~", "/secrets", "/namespaces/prod", "/watch", "/proxy", "/../secrets", "/..;/secrets", "/.%2e/", "/%2e/",
        "/status", "/log",
    ]

    private mutating func mutate(_ target: inout [UInt8]) {
        let place = Int.random(in: 0...target.count, using: &random)
        let next = min(place + 1, target.count)
        switch Int.random(in: 0..<9, using: &random) {
        case 0...3: target.insert(contentsOf: Array(one(of: Self.inserts).utf8), at: place)
        case 4:  // percent-encode a byte that needs no encoding
            guard place < target.count else { return }
            let digits = Array(String(target[place], radix: 16, uppercase: chance(50)).utf8)
            target.replaceSubrange(place..<next, with: [0x25] + (digits.count < 2 ? [0x30] : []) + digits)
        case 5:
            guard place < target.count else { return }
            target[place] ^= 0x20
        case 6:
            guard place < target.count else { return }
            target[place] = UInt8.random(in: 0...255, using: &random)
        case 7: target.removeSubrange(place..<next)
        default:  // a segment twice
            let segments = target.split(separator: 0x2F, omittingEmptySubsequences: false)
            let index = Int.random(in: 0..<segments.count, using: &random)
            target = Array((segments[...index] + segments[index...]).joined(separator: [0x2F]))
        }
    }
}
