/// RFC 7541, as far as frames show it: a block that cannot be decoded ends the connection (RFC 9113 §4.3).
extension Rules {
    /// RFC 7541 §2.3.3, §4, §5, §6
    package static let compression: [Rule] = good + broken

    private static let good: [Rule] = [
        Rule("RFC 7541 §4.2 a size update at the beginning", Raw.headers(1, [0x20] + Raw.get), is: .served(1)),
        Rule(
            "RFC 7541 §4.2 two size updates at the beginning", Raw.headers(1, [0x20, 0x3f, 0xe1, 0x1f] + Raw.get),
            is: .served(1)),
        Rule(
            "RFC 7541 §4.2 a size update at the beginning of trailers", Raw.headers(1, Raw.post, end: false),
            Raw.headers(1, [0x20] + Raw.trailers), is: .served(1)),
        Rule(
            "RFC 7541 §4.4 an entry larger than the table empties it",
            Raw.headers(1, Raw.get + Raw.indexed("x-a", String(repeating: "a", count: 5000))), is: .served(1)),
        Rule("RFC 7541 §6.1 the static table", Raw.headers(1, [0x82, 0x87, 0x84, 0x41, 1, 0x78]), is: .served(1)),
        Rule(
            "RFC 7541 §6.1 the dynamic table", Raw.headers(1, [0x82, 0x87, 0x84, 0x41, 1, 0x78]),
            Raw.headers(3, [0x82, 0x87, 0x84, 0xbe]), is: .served(3)),
        Rule(
            "RFC 7541 §6.2.2 literals that are not indexed",
            Raw.headers(1, [0x02] + Raw.string("GET") + [0x87, 0x84, 0x01, 1, 0x78]),
            is: .served(1)),
        Rule(
            "RFC 7541 §6.2.3 literals that are never indexed",
            Raw.headers(1, [0x12] + Raw.string("GET") + [0x87, 0x84, 0x11, 1, 0x78]), is: .served(1)),
        Rule(
            "RFC 7541 §5.2 Huffman coding: www.example.com",
            Raw.headers(
                1,
                [0x82, 0x87, 0x84, 0x41, 0x8c, 0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff]),
            is: .served(1)),
    ]

    private static let brokenRepresentations: [(String, [UInt8])] = [
        ("§6.1 index 0", [0x80]),
        ("§2.3.3 an index behind the tables", [0xbe]),
        ("§2.3.3 a large index", [0xff, 0x80, 0x01]),
        ("§2.3.3 a name's index behind the tables", [0x7f, 0x00, 1, 0x61]),
        ("§2.3.3 the same, not to be remembered", [0x0f, 0x70, 1, 0x61]),
        ("§2.3.3 the same, never to be indexed", [0x1f, 0x70, 1, 0x61]),
        ("§5.1 an integer that ends too early", [0xff]),
        (
            "§5.1 an integer that goes on for ever",
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]
        ),
        ("§5.1 an index beyond 32 bits", [0xff, 0x80, 0x80, 0x80, 0x80, 0x10]),
        ("§5.2 a name that ends too early", [0x00, 5, 0x61, 0x62, 0x63]),
        ("§5.2 a value that ends too early", [0x00, 1, 0x61, 5, 0x61]),
        ("§5.2 a value that is not there", [0x00, 1, 0x61]),
        ("§5.2 a length beyond 32 bits", [0x00, 0x7f, 0x80, 0x80, 0x80, 0x80, 0x10, 0x61]),
        ("§5.2 Huffman padding of zeros", [0x00, 0x81, 0x18, 0x00]),
        ("§5.2 Huffman padding of zeros in a value", [0x00, 1, 0x61, 0x81, 0x18]),
        ("§5.2 Huffman padding of eight bits", [0x00, 0x82, 0x1f, 0xff, 0x00]),
        ("§5.2 Huffman padding of eight bits in a value", [0x00, 1, 0x61, 0x82, 0x1f, 0xff]),
        ("§5.2 the end of string, coded", [0x00, 0x84, 0xff, 0xff, 0xff, 0xff, 0x00]),
        ("§5.2 the end of string, coded in a value", [0x00, 1, 0x61, 0x85, 0x1f, 0xff, 0xff, 0xff, 0xff]),
        ("§4.2 a size update behind a field", [0x20]),
        ("§4.2 a size update between fields", [0x20, 0x82]),
        ("§6.3 a size above the limit, behind a field", [0x3f, 0xe2, 0x1f]),
    ]

    private static let broken: [Rule] =
        brokenRepresentations.flatMap { (name, bytes) in
            [
                Rule("RFC 7541 \(name)", Raw.headers(1, Raw.get + bytes), is: .connectionError(Code.compression)),
                Rule(
                    "RFC 7541 \(name), in a CONTINUATION", Raw.headers(1, complete: false), Raw.continuation(1, bytes),
                    is: .connectionError(Code.compression)),
                Rule(
                    "RFC 7541 \(name), in trailers", Raw.headers(1, Raw.post, end: false),
                    Raw.headers(1, Raw.trailers + bytes), is: .connectionError(Code.compression)),
            ]
        } + [
            Rule(
                "RFC 7541 §6.3 a size above the limit", Raw.headers(1, [0x3f, 0xe2, 0x1f] + Raw.get),
                is: .connectionError(Code.compression)),
            Rule(
                "RFC 7541 §6.3 a size above the limit, behind one below",
                Raw.headers(1, [0x20, 0x3f, 0xe2, 0x1f] + Raw.get),
                is: .connectionError(Code.compression)),
            Rule(
                "RFC 7541 §4.3 an entry that a size update has evicted",
                given: [Raw.headers(1, Raw.get + Raw.indexed("x", "y"))],
                Raw.headers(3, [0x20] + Raw.get + [0xbe]), is: .connectionError(Code.compression)),
            Rule(
                "RFC 7541 §4.4 an entry that a larger one has evicted",
                given: [Raw.headers(1, Raw.get + Raw.indexed("x", "y"))],
                Raw.headers(3, Raw.get + Raw.indexed("x", String(repeating: "y", count: 5000)) + [0xbe]),
                is: .connectionError(Code.compression)),
            Rule(
                "RFC 7541 §6.2.2 a literal that is not indexed has no entry",
                given: [Raw.headers(1, Raw.get + Raw.trailers)],
                Raw.headers(3, Raw.get + [0xbe]), is: .connectionError(Code.compression)),
            Rule(
                "RFC 7541 §2.2 a response's table is another", given: [Raw.headers(1)],
                Raw.headers(3, Raw.get + [0xbe]),
                is: .connectionError(Code.compression)),
        ]
}
